# task: {}
import json


def handler(context):
    context.log_model(
        "model",
        body=json.dumps({"weights": [1, 2]}).encode(),
        model_file="model.json",
        metrics={"accuracy": 0.5},
        labels={"stage": "test"},
        framework="none",
    )
