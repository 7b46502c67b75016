# task: {}
def handler(context):
    context.log_results({"name": context.name, "uid": context.uid, "project": context.project})
    context.log_results({"iteration": context.iteration, "state": context.state, "tag": context.tag})
    context.log_result("level", context.log_level)
