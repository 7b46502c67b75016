# task: {"parameters": {"a": 1, "b": 2}}
def handler(context, a, **kwargs):
    context.log_result("a", a)
    context.log_result("rest", sorted(kwargs))
