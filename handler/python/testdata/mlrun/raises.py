# task: {}
# status: error
def handler(context):
    context.log_result("before", 1)
    context.log_artifact("partial", body="half")
    raise ValueError("no luck")
