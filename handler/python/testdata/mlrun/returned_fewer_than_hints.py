# task: {"returns": ["a", "b"]}
def handler():
    return "only one"
