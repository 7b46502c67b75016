# task: {"parameters": {"a": 2}}
import mlrun


@mlrun.handler(outputs=["double", None, "square:result"])
def handler(context, a: int):
    return a * 2, "ignored", a**2
