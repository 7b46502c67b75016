# task: {"inputs": {"sales": "inputs/sales.csv"}}
# needs: pandas pyarrow
def handler(context, sales):
    frame = sales.as_df()
    context.log_dataset("data", df=frame, db_key=False, stats=True)
    context.log_dataset("named", df=frame, format="pq", artifact_path=context.artifact_subpath("data"))
