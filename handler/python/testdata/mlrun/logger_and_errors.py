# task: {}
import mlrun


def handler(context):
    try:
        raise mlrun.errors.MLRunInvalidArgumentError("wrong")
    except ValueError as error:
        context.logger.error(f"failed: {error}")
        context.log_result("error", str(error))
    context.logger.info("went on", step=2)
    context.logger.debug("not shown")
