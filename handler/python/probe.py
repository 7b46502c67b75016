"""The conformance suite's probe of launcher_context.py: see ../README.md."""

import json
import os
import subprocess
import sys

import launcher_context


def answer(verb, name):
    if verb == "context":
        os.rename(name, os.path.join(os.path.dirname(name), "context.json"))
        launcher_context._context = None
        return "none"
    context = launcher_context.get_context()
    if verb in ("secret", "default"):
        value = context.get_secret(name, *(["the default"] if verb == "default" else []))
        if value is None:
            return "none"
        if isinstance(value, bytes):
            return "bytes " + value.hex()
        return "text " + value.encode().hex()
    if verb == "param":
        missing = object()
        value = context.get_param(name, missing)
        return "none" if value is missing else as_json(value)
    if verb == "parameters":
        return as_json(context.parameters)
    if verb == "metadata":
        return as_json(context.metadata)
    if verb == "child":
        return "text " + subprocess.run(["cat", "/dev/stdin"], stdout=subprocess.PIPE).stdout.hex()
    shown = "%r %s %r %r" % (context, context, vars(context), context.logger)
    return "text " + shown.encode().hex()


def as_json(value):
    return "json " + json.dumps(value).encode().hex()


with open(sys.argv[1], encoding="utf-8") as questions:
    for line in questions:
        try:
            print(answer(*line.rstrip("\n").partition(" ")[::2]))
        except Exception as error:
            print("error", ("%s %r" % (error, error)).encode().hex())
