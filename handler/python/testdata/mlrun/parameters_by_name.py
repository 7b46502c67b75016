# task: {"parameters": {"a": 1, "b": [1, 2], "c": {"d": null}}}
def handler(context, a, b, c, e="default"):
    context.log_results({"a": a, "b": b, "c": c, "e": e})
