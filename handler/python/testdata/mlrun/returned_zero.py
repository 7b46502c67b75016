# task: {}
def handler(context):
    context.log_result("a", 1)
    return 0
