# task: {"inputs": {"notes": "inputs/notes.txt"}}
import mlrun


def read(source):
    if isinstance(source, mlrun.DataItem):
        return source.get(encoding="utf-8")
    return "Wrong type."


def handler(context, notes):
    context.log_result("text", read(notes))
