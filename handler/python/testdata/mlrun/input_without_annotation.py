# task: {"inputs": {"notes": "inputs/notes.txt"}}
def handler(context, notes):
    context.log_result("length", len(notes.get()))
    context.log_result("suffix", notes.suffix)
    context.log_result("key", notes.key)
