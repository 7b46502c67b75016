# task: {"inputs": {"sales": "inputs/sales.csv"}}
# needs: pandas
def handler(context, sales):
    frame = sales.as_df(columns=["city", "price"])
    context.log_dataset("totals", df=frame.groupby("city").sum(), format="csv")
    context.log_dataset("cheap", df=frame[frame.price < 6], format="csv", labels={"l": "1"})
