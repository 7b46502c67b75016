# task: {"inputs": {"notes": "inputs/notes.txt"}}
def handler(context, notes="nowhere.txt"):
    context.log_result("is_path", type(notes) is str)
    with open(notes) as file:
        context.log_result("first", file.readline())
