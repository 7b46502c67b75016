# task: {"parameters": {"_init_args": {"bucket": "b"}, "rate": 0.5}}
# function: Model::train
class Model:
    def __init__(self, context, bucket):
        self.bucket = bucket
        self.name = context.name

    def train(self, context, rate):
        context.log_results({"bucket": self.bucket, "name": self.name, "rate": rate})
