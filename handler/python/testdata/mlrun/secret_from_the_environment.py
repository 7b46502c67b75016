# task: {}
import os

from mlrun.secrets import get_secret_or_env


def handler(context):
    os.environ["SERVICE_URL"] = "http://service"
    context.log_result("url", get_secret_or_env("SERVICE_URL"))
    os.environ["EU_URL"] = "http://eu"
    context.log_result("prefix", get_secret_or_env("URL", prefix="EU"))
