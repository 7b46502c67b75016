# task: {}
def handler(context):
    context.log_results({"bytes": b"x", "tuple": (1, "a"), "set": {1}})
    context.log_result(5, 1)
