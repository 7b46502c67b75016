"""Prints how python-dotenv reads each text of standard input, as JSON lines."""

import base64
import io
import json
import logging
import os
import sys

from dotenv import dotenv_values

problems = []
logging.getLogger("dotenv.main").addFilter(lambda record: problems.append(record))
os.environ.clear()
for line in sys.stdin:
    problems.clear()
    try:
        values = dotenv_values(stream=io.TextIOWrapper(io.BytesIO(base64.b64decode(json.loads(line))), encoding="utf-8"))
    except UnicodeDecodeError:
        values = None
    print(json.dumps(None if problems else values))
