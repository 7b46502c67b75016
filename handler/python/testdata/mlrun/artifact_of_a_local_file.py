# task: {}
import os
import tempfile


def handler(context):
    path = os.path.join(tempfile.mkdtemp(), "report.txt")
    with open(path, "w") as file:
        file.write("one line\n")
    context.log_artifact("report", local_path=path)
