"""Runs handlers by MLRun itself, and prints what they logged.

The launcher's own runs are compared with the output. With MLRun 1.12.1, pandas
and pyarrow::

    VENV/bin/python run_mlrun.py > mlrun.json
    VENV/bin/python run_mlrun.py calls > calls.json

The first runs each file of the folder mlrun, the second each function of calls.py.
"""

import glob
import importlib.util
import io
import json
import os
import sys
import tempfile
import warnings
from contextlib import redirect_stderr, redirect_stdout

HERE = os.path.dirname(os.path.abspath(__file__))
warnings.simplefilter("ignore")
os.environ.update(MLRUN_LOG_LEVEL="ERROR", MLRUN_DBPATH="", HOME=tempfile.mkdtemp())
os.chdir(tempfile.mkdtemp())


def header(text, name, default):
    """Return the value of a line "# name: value" at the top of a handler."""
    for line in text.splitlines():
        if line.startswith("# %s: " % name):
            return line.partition(": ")[2]
    return default


def task_of(spec, output_path):
    inputs = spec.get("inputs") or {}
    spec["inputs"] = {key: os.path.join(HERE, "mlrun", path) for key, path in inputs.items()}
    spec["output_path"] = output_path
    spec["secret_sources"] = [{"kind": "inline", "source": {"DB_PASSWORD": "pw"}}]
    return {"metadata": {"name": "run", "project": "fraud", "uid": "4a1c"}, "spec": spec}


def files_of(root):
    """Return each file below root by its path, with its content if it can be compared."""
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            if name != "results.json":
                same = not name.endswith((".parquet", ".pkl")) and name != "model_spec.yaml"
                with open(path, "rb") as file:
                    found[os.path.relpath(path, root)] = (
                        file.read().decode("latin-1") if same else "not compared"
                    )
    return found


def run(path):
    from mlrun.artifacts.manager import ArtifactManager
    from mlrun.execution import MLClientCtx
    from mlrun.model import RunObject
    from mlrun.runtimes.local import exec_from_params, load_module
    from mlrun.runtimes.utils import global_context

    logged, log_artifact = {}, ArtifactManager.log_artifact

    def log(self, *args, **kwargs):
        item = log_artifact(self, *args, **kwargs)
        logged[item.key] = item
        return item

    with open(path) as file:
        text = file.read()
    root = tempfile.mkdtemp()
    task = RunObject.from_dict(task_of(json.loads(header(text, "task", "{}")), root))
    context = MLClientCtx.from_dict(task.to_dict(), autocommit=False)
    global_context.set(context)
    function = load_module(path, header(text, "function", "handler"), context)
    ArtifactManager.log_artifact = log
    try:
        exec_from_params(function, task, context)
    finally:
        ArtifactManager.log_artifact = log_artifact
    artifacts = []
    for key, item in sorted(logged.items()):
        target = item.target_path or ""
        there = os.path.relpath(target, root) if os.path.exists(target) else None
        labels = {k: v for k, v in (item.labels or {}).items()}
        artifacts.append({"key": key, "kind": str(item.kind), "path": there, "labels": labels})
    labels = {k: v for k, v in context.labels.items() if k not in ("host", "kind")}
    return {
        "state": context.state,
        "results": context.results,
        "labels": labels,
        "artifacts": artifacts,
        "files": files_of(root),
    }


def calls():
    """Return each function of calls.py with its task."""
    title, task, owner, found = "", None, "", []
    with open(os.path.join(HERE, "calls.py")) as file:
        for line in file:
            text = line.strip()
            if text.startswith("# title: "):
                title = text[len("# title: ") :]
            elif text.startswith("# task: "):
                task = json.loads(text[len("# task: ") :])
            elif text.startswith("class "):
                owner = "Model::"
            elif not line.startswith(" ") and text:
                owner = ""
            if task is not None and text and not text.startswith(("#", "@")):
                name = (
                    text.replace("async ", "")
                    .replace("def ", "")
                    .partition("(")[0]
                    .partition(" ")[0]
                )
                signature = text.partition("  #")[0].rstrip(":")
                found.append(
                    {"title": title, "signature": signature, "function": owner + name, "spec": task}
                )
                task = None
    return found


def call(row):
    """Return what a function returns, as the table shows it, or how it ends."""
    from mlrun.execution import MLClientCtx
    from mlrun.model import RunObject
    from mlrun.runtimes.local import exec_from_params, load_module
    from mlrun.runtimes.utils import global_context

    try:
        spec = json.loads(json.dumps(row["spec"]))
        task = RunObject.from_dict(task_of(spec, tempfile.mkdtemp()))
        context = MLClientCtx.from_dict(task.to_dict(), autocommit=False)
        global_context.set(context)
        function = load_module(os.path.join(HERE, "calls.py"), row["function"], context)
        _, error = exec_from_params(function, task, context)
    except SystemExit as end:
        return "status %s" % (end.code or 0)
    except Exception:
        return "fails"
    if error:
        return "fails"
    if "return" not in context.results:
        return "no result"
    value = context.results["return"]
    return (
        value
        if isinstance(value, str)
        else json.dumps(value, separators=(",", ":"), sort_keys=True)
    )


def main():
    if sys.argv[1:] == ["calls"]:
        rows = calls()
        for row in rows:
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                row["mlrun"] = call(row)
        json.dump(rows, sys.stdout, indent=1)
        print()
        return
    runs = {}
    for path in sorted(glob.glob(os.path.join(HERE, "mlrun", "*.py"))):
        with open(path) as file:
            needs = header(file.read(), "needs", "").split()
        if all(importlib.util.find_spec(module) for module in needs):
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                runs[os.path.basename(path)[:-3]] = run(path)
    json.dump(runs, sys.stdout, indent=1, sort_keys=True)
    print()


main()
