# task: {"inputs": {"sales": "inputs/sales.csv"}}
# needs: pandas
from mlrun.artifacts import TableArtifact


def handler(context, sales):
    context.log_artifact(TableArtifact("table", df=sales.as_df()))
