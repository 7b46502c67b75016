# task: {"parameters": {"a": 2}}
from mlrun.package import handler as mlrun_handler


@mlrun_handler(outputs=["config:file"])
def handler(a):
    return {"a": a}
