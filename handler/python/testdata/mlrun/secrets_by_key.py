# task: {}
import mlrun


def handler(context):
    password = context.get_secret("DB_PASSWORD")
    context.log_result("found", password is not None)
    context.log_result("default", mlrun.get_secret_or_env("NO_SUCH_KEY", default="d"))
    context.log_result("provider", mlrun.get_secret_or_env("K", secret_provider={"K": "v"}))
    context.log_result("none", context.get_secret("NO_SUCH_KEY"))
