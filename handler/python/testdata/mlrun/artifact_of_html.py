# task: {}
from mlrun import MLClientCtx


def handler(context: MLClientCtx):
    context.log_artifact("page", body="<b>bold</b>", format="html", viewer="web-app")
