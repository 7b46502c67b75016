# task: {"inputs": {"notes": "inputs/notes.txt"}}
from typing import Optional

from mlrun.datastore.base import DataItem


def handler(context, notes: Optional[DataItem] = None, other: Optional[DataItem] = None):
    context.log_result("notes", notes is not None and len(notes.get()))
    context.log_result("other", other)
