# task: {}
import os
import tempfile


def handler(context):
    folder = tempfile.mkdtemp()
    for name in ("model.bin", "vocabulary.txt"):
        with open(os.path.join(folder, name), "w") as file:
            file.write(name)
    context.log_model(
        "model",
        model_dir=folder,
        model_file="model.bin",
        extra_data={"vocabulary": "vocabulary.txt", "note": b"n"},
        parameters={"depth": 3},
        artifact_path=context.artifact_subpath("models"),
    )
