# task: {"inputs": {"notes": "inputs/notes.txt"}}
from mlrun.datastore import DataItem


def handler(context, notes: DataItem):
    with open(notes.local()) as file:
        context.log_result("lines", len(file.readlines()))
