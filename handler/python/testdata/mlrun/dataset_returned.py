# task: {"inputs": {"sales": "inputs/sales.csv"}, "returns": ["head", "rows", "raw:file"]}
# needs: pandas pyarrow
import pandas as pd


def handler(sales: pd.DataFrame):
    return sales.head(2), len(sales), sales
