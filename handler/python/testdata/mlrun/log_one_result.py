# task: {"parameters": {"rows": 3}}
def handler(context, rows):
    context.logger.info("counting", rows=rows)
    context.log_result("rows", rows * 2)
