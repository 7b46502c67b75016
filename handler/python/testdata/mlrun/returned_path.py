# task: {"returns": ["report:path", "name"]}
import os
import pathlib
import tempfile


def handler():
    path = pathlib.Path(tempfile.mkdtemp()) / "report.txt"
    path.write_text("one line\n")
    return path, path.name
