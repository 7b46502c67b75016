# task: {"inputs": {"notes": "inputs/notes.txt"}}
def handler(context):
    item = context.get_input("notes")
    context.log_result("text", item.get().decode())
    context.log_result("part", item.get(size=4, offset=2, encoding="utf-8"))
