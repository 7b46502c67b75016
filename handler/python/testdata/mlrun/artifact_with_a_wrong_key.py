# task: {}
# status: error
def handler(context):
    context.log_artifact("../x", body="b")
