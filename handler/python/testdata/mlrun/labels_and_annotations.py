# task: {}
def handler(context):
    context.set_label("framework", "none")
    context.set_label("version", 5)
    context.set_label("version", 6, replace=False)
    context.set_annotation("note", "x")
    context.log_result("labels", context.labels["version"])
    context.log_result("annotations", context.annotations["note"])
