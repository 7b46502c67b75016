# task: {}
import mlrun


def handler(context: mlrun.MLClientCtx, threshold: float = 0.5):
    scores = {"precision": 0.75, "recall": threshold, "labels": ["a", "b"], "nested": {"f1": 0.6}}
    context.log_results(scores)
    context.log_result("none", None)
    context.log_result("text", "ok")
    context.log_result("flag", True)
