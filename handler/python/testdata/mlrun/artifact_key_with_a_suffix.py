# task: {}
def handler(context):
    context.log_artifact("model.txt", body=b"abc is 123", labels={"framework": "none"})
