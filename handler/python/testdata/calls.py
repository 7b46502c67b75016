"""How a function is called: each returns what it was given, for a table in docs.

``# task:`` is the task of the function below it, ``# title:`` its group.
"""

import asyncio
import pathlib
import typing

import mlrun
from mlrun import DataItem  # noqa: F401: in an annotation


def kind(value):
    return type(value).__name__


# title: Parameters
# task: {"parameters": {"x": 3}}
def by_name(x):
    return x


# task: {"parameters": {"x": 3}}
def with_context(context, x):
    return [context.name, x]


# task: {"parameters": {"x": 3}}
def context_last(x, context):
    return [context.name, x]


# task: {"parameters": {"x": 3}}
def context_of_another_name(ctx, x):
    return x


# task: {"parameters": {"x": 3}}
def context_by_annotation_only(ctx: mlrun.MLClientCtx, x):
    return x


# task: {"parameters": {"x": 3}}
def default_beside_a_parameter(x=1, y=2):
    return [x, y]


# task: {}
def missing_parameter(x):
    return x


# task: {"parameters": {"x": "3"}}
def annotated_int_given_text(x: int):
    return kind(x)


# task: {"parameters": {"x": 3}}
def annotated_str_given_number(x: str):
    return kind(x)


# task: {"parameters": {"x": null}}
def null_with_a_default(x=5):
    return kind(x)


# task: {"parameters": {"x": 3, "y": 4}}
def left_over_parameter(x):
    return x


# task: {"parameters": {"x": 3, "y": 4}}
def keyword_arguments(x, **kwargs):
    return kwargs


# task: {"parameters": {"x": 3, "args": [1]}}
def positional_arguments(*args, **kwargs):
    return [list(args), sorted(kwargs)]


# task: {"parameters": {"x": 3}}
def keyword_only(*, x):
    return x


# task: {"parameters": {"x": 3}}
def positional_only(x, /):
    return x


# task: {"parameters": {"x": {"a": [1]}}}
def changes_its_parameter(context, x):
    x["b"] = 2
    return sorted(context.parameters["x"])


# title: Inputs
# task: {"inputs": {"data": "inputs/notes.txt"}}
def plain(data):
    return kind(data)


# task: {"inputs": {"data": "inputs/notes.txt"}}
def default_none(data=None):
    return kind(data)


# task: {"inputs": {"data": "inputs/notes.txt"}}
def default_text(data="x"):
    return kind(data)


# task: {"inputs": {"data": "inputs/notes.txt"}}
def annotated_data_item(data: mlrun.DataItem):
    return kind(data)


# task: {"inputs": {"data": "inputs/notes.txt"}}
def annotated_by_text(data: "mlrun.DataItem"):
    return kind(data)


# task: {"inputs": {"data": "inputs/notes.txt"}}
def annotated_by_an_alias(data: "typing.Optional[DataItem]" = None):
    return kind(data)


# task: {"inputs": {"data": "inputs/notes.txt"}}
def annotated_object(data: object):
    return kind(data)


# task: {"inputs": {"data": "inputs/notes.txt"}}
def annotated_optional(data: typing.Optional[mlrun.DataItem] = None):
    return kind(data)


# task: {"inputs": {"data": "inputs/notes.txt"}}
def annotated_str(data: str):
    return kind(data)


# task: {"inputs": {"data": "inputs/notes.txt"}}
def annotated_optional_str(data: typing.Optional[str] = None):
    return kind(data)


# task: {"inputs": {"data": "inputs/notes.txt"}}
def annotated_path(data: pathlib.Path):
    return isinstance(data, pathlib.Path)


# task: {"inputs": {"data": "inputs/config.json"}}
def annotated_dict(data: dict):
    return data


# task: {"inputs": {"data": "inputs/events.jsonl"}}
def annotated_list(data: list):
    return data


# task: {"inputs": {"data": "inputs/config.json"}}
def annotated_typing_dict(data: typing.Dict[str, str]):
    return kind(data)


# task: {"inputs": {"data": "inputs/notes.txt"}}
def annotated_dict_of_text(data: dict):
    return kind(data)


# task: {"inputs": {"data": "inputs/notes.txt"}}
def annotated_int(data: int):
    return kind(data)


# task: {"inputs": {"data": "inputs/notes.txt"}}
def annotated_any(data: typing.Any):
    return kind(data)


# task: {"inputs": {"data : str": "inputs/notes.txt"}}
def type_in_the_key(data):
    return kind(data)


# task: {"inputs": {"data:pathlib.Path": "inputs/notes.txt"}}
def type_in_the_key_before_annotation(data: str):
    return kind(data) != "str"


# task: {"inputs": {"data": "inputs/notes.txt"}}
def keyword_arguments_of_inputs(**kwargs):
    return kind(kwargs["data"])


# task: {"inputs": {"data": "inputs/notes.txt"}, "parameters": {"data": "p"}}
def parameter_and_input(data):
    return data


# task: {"inputs": {"data": "inputs/none.txt"}}
def missing_file(data):
    return kind(data)


# task: {"inputs": {"data": "inputs/none.txt"}}
def missing_file_that_is_read(data):
    return data.get()


# task: {"inputs": {"data": "inputs/notes.txt"}}
def input_of_the_context(context):
    return isinstance(context.get_input("data"), DataItem)


# title: Functions and classes
# task: {}
async def asynchronous():
    await asyncio.sleep(0)
    return 5


# task: {}
def generator():
    yield 1


# task: {}
async def asynchronous_generator():
    yield 1


# task: {"parameters": {"x": 3}}
function_of_a_name = lambda x: x  # noqa: E731


class Model:
    def __init__(self, context=None, bucket="b"):
        self.bucket, self.name = bucket, context.name

    # task: {"parameters": {"x": 3}}
    def method(self, x):
        return [self.bucket, self.name, x]

    # task: {"parameters": {"_init_args": {"bucket": "c"}}}
    def method_with_init_args(self):
        return self.bucket

    # task: {"parameters": {"_init_args": {"other": "c"}}}
    def method_with_wrong_init_args(self):
        return self.bucket

    # task: {"parameters": {"x": 3}}
    @staticmethod
    def static_method(x):
        return x

    # task: {"parameters": {"x": 3}}
    @classmethod
    def class_method(cls, x):
        return [cls.__name__, x]


# title: Returned values
# task: {}
def number():
    return 5


# task: {}
def zero():
    return 0


# task: {}
def nothing():
    return None


# task: {}
def pair():
    return 1, "a"


# task: {}
def some_object():
    return Model.__name__ and pathlib.PurePosixPath("a")


# task: {"returns": ["return"]}
def number_with_a_hint():
    return 5


# task: {"returns": ["return"]}
def zero_with_a_hint():
    return 0


# task: {"returns": ["return", "other"]}
def fewer_than_hints():
    return 5


# task: {"returns": ["return"]}
def more_than_hints():
    return 5, 6


# task: {"returns": ["return:result"]}
def set_with_a_hint():
    return {1}


# title: The end
# task: {}
def raises():
    raise ValueError("x")


# task: {}
def exits_with_zero():
    raise SystemExit(0)


# task: {}
def exits_with_three():
    raise SystemExit(3)
