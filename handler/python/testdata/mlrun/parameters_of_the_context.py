# task: {"parameters": {"a": 1}}
def handler(context):
    context.log_result("first", context.get_param("x", 7))
    context.log_result("second", context.get_param("x"))
    context.log_result("a", context.get_param("a", 2))
    context.log_result("all", context.parameters["a"])
