# task: {"parameters": {"epochs": 3}}
def handler(context, epochs):
    for epoch in range(epochs):
        context.log_result("loss", 1 / (epoch + 1))
        context.log_result("epoch", epoch)
