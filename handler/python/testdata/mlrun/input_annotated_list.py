# task: {"inputs": {"events": "inputs/events.jsonl"}}
from typing import List


def handler(context, events: List[dict]):
    context.log_result("events", len(events))
    context.log_result("first", events[0])
