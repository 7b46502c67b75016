# task: {}
def handler(context):
    context.log_artifact("listed", body="not written", upload=False)
