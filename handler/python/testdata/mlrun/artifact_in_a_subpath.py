# task: {}
def handler(context):
    context.log_artifact("part", body="p", artifact_path=context.artifact_subpath("parts", "first"))
