# task: {}
import os


def handler(context):
    os.makedirs(context.artifact_path, exist_ok=True)
    path = os.path.join(context.artifact_path, "raw.csv")
    with open(path, "w") as file:
        file.write("a\n1\n")
    context.log_artifact("raw", target_path=path)
