# task: {"parameters": {"a": 1}}
import mlrun


def handler(a):
    context = mlrun.get_or_create_ctx("other")
    context.log_result("name", context.name)
    context.log_result("a", a)
    context.log_result("again", mlrun.get_or_create_ctx("third") is context)
