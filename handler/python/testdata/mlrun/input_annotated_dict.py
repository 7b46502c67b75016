# task: {"inputs": {"config": "inputs/config.json"}}
def handler(context, config: dict):
    context.log_results(config)
