# task: {"inputs": {"events": "inputs/events.json"}}
# needs: pandas
def handler(context, events):
    frame = events.as_df()
    context.log_result("columns", list(frame.columns))
    context.log_result("mean", frame["size"].mean())
    context.log_result("values", frame["size"].values)
