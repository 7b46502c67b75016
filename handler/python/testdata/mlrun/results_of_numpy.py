# task: {}
# needs: numpy
import numpy as np


def handler(context):
    context.log_results({"float": np.float32(0.5), "int": np.int64(3), "array": np.arange(3)})
    context.log_result("nested", {"mean": np.float64(0.25)})
