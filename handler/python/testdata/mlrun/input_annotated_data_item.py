# task: {"inputs": {"notes": "inputs/notes.txt"}}
import mlrun


def handler(context: mlrun.MLClientCtx, notes: mlrun.DataItem):
    context.log_result("text", notes.get(encoding="utf-8"))
    context.log_result("same", str(notes) == notes.url)
    context.log_result("is_item", isinstance(notes, mlrun.DataItem))
