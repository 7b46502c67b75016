# task: {"returns": ["accuracy", "labels:result", "config:file"]}
def handler():
    return 0.5, ["a", "b"], {"depth": 3}
