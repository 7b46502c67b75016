# task: {"inputs": {"sales": "inputs/sales.csv"}}
# status: error
# needs: pandas
def handler(context, sales):
    context.log_dataset("x", df=sales.as_df(), format="xlsx")
