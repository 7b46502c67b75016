# task: {}
def handler(context):
    context.log_result("a", 1, commit=True)
    context.commit("half of the work is done")
    context.log_result("message", context.annotations["message"])
    context.log_result("results", context.results)
