# task: {"inputs": {"notes: str": "inputs/notes.txt"}}
def handler(context, notes):
    context.log_result("is_path", type(notes) is str)
