# task: {"inputs": {"notes": "inputs/notes.txt"}}
import os
import tempfile


def handler(context, notes):
    path = os.path.join(tempfile.mkdtemp(), "copy.txt")
    notes.download(path)
    with notes.open("rb") as file:
        context.log_result("same", file.read() == open(path, "rb").read())
    context.log_artifact("copy", local_path=path)
