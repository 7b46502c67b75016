# task: {"inputs": {"notes": "inputs/notes.txt"}}
import pathlib


def handler(context, notes: pathlib.Path):
    context.log_result("name", notes.name)
    context.log_result("text", notes.read_text())
