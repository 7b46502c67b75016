# task: {}
# status: error
def handler(context):
    context.log_artifact("x", local_path="/nowhere/at/all.txt")
