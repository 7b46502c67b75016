# task: {"inputs": {"sales": "inputs/sales.csv"}}
# needs: pandas
import mlrun


def handler(context: mlrun.MLClientCtx, sales: mlrun.DataItem):
    frame = sales.as_df()
    context.log_result("rows", len(frame))
    context.log_result("sum", frame["price"].sum())
    context.log_dataset("clean", df=frame.dropna(), format="csv", index=False)
