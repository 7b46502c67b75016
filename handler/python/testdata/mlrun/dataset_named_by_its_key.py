# task: {"inputs": {"sales": "inputs/sales.csv"}}
# needs: pandas
import pandas as pd


def handler(context, sales: pd.DataFrame, key: str = "all.csv"):
    context.log_dataset(key, df=sales)
    context.log_dataset("local", df=sales, local_path="sales.csv")
