# task: {}
import os
import tempfile


def handler(context):
    folder = tempfile.mkdtemp()
    for name in ("one", "two"):
        with open(os.path.join(folder, name), "w") as file:
            file.write(name)
    context.log_artifact("folder", local_path=folder, upload=True)
