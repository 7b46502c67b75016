# task: {}
import os
import pickle
import tempfile


def handler(context):
    path = os.path.join(tempfile.mkdtemp(), "model.pkl")
    with open(path, "wb") as file:
        pickle.dump({"a": 1}, file, protocol=4)
    context.log_model("model", model_file=path, algorithm="tree", metrics=context.results)
