"""The runner behind ``launcher run --handler``, for Python.

Started as ``python3 -c RUNNER MODULE STAND_IN FILE FUNCTION``, it calls the
function as MLRun does. MODULE and STAND_IN are the texts of launcher_context.py
and mlrun_stand_in.py; the latter is compiled when the handler first needs it.
FUNCTION may be ``Class::method``. A FILE ``-m`` stands for no file: FUNCTION
then starts with its module's path, as in ``package.module.function``. An empty
FILE stands for the source that MLRun puts into the variable MLRUN_EXEC_CODE,
which is a script if FUNCTION is empty too.

The handler's own ``from launcher_context import get_context`` works with nothing
installed, and gives the same object; so does ``import mlrun``.

Python 3.8 and later, standard library only.
"""

from __future__ import annotations

import sys

if sys.path[:1] == [""]:
    del sys.path[0]  # "python3 -c" would import ./json.py

import json
import os

TYPE_CHECKING = False  # typing takes longer to import than the rest
if TYPE_CHECKING:
    from inspect import Parameter, Signature
    from types import ModuleType
    from typing import Any, Awaitable, Callable, NoReturn

    from launcher_context import Context


def _main(argv: list[str]) -> None:
    if len(argv) != 5:
        _stop(125, "the Python runner takes MODULE STAND_IN FILE FUNCTION")
    _, text, stand_in, file, function = argv
    module = _adopt(text)
    sys.meta_path.insert(0, _Finder(stand_in))  # type: ignore[arg-type]
    try:
        if function:
            _run(module.get_context, file, function)
        else:
            _load(file, *_read(file), name="__main__")
        _finish(None)
    except BaseException as error:
        _finish(error)
        stand_in = vars(sys.modules.get("mlrun_stand_in", module))
        _hide_frames([globals(), vars(module), stand_in], in_file=bool(file))
        raise  # Python itself prints it, flushes, and picks the status


def _adopt(source: str) -> Any:
    """Return the module launcher_context of this source, as if it were imported."""
    module = type(sys)("launcher_context")
    sys.modules["launcher_context"] = module
    exec(compile(source, "<launcher_context>", "exec", dont_inherit=True), vars(module))
    return module


class _Finder:
    """Finds mlrun_stand_in, and through it the module mlrun.

    It comes before all others, since Python takes any folder called mlrun for
    the module. If MLRun itself is installed, that is what the handler imports.
    """

    def __init__(self, source: str) -> None:
        self._source = source

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name == "mlrun":
            import mlrun_stand_in

            return mlrun_stand_in.provide(self, path, target)
        if name == "mlrun_stand_in":
            from importlib.machinery import ModuleSpec

            return ModuleSpec(name, self, origin="launcher")  # type: ignore[arg-type]
        return None

    def create_module(self, spec: Any) -> None:
        return None

    def exec_module(self, module: Any) -> None:
        exec(compile(self._source, "<mlrun_stand_in>", "exec", dont_inherit=True), vars(module))


def _finish(error: BaseException | None) -> None:
    """Write results.json, if the handler logged anything."""
    if "mlrun_stand_in" in sys.modules:
        sys.modules["mlrun_stand_in"].finish(error)


def _run(get_context: Callable[[], Context], file: str, name: str) -> None:
    """Call the function name of file as MLRun does, and log what it returns."""
    import copy  # both now: the handler may be a copy.py, and take their place
    import inspect

    context = get_context()  # before any of the handler's code
    parameters = copy.deepcopy(context.parameters)  # the handler may change its own
    function, named = _find(inspect, file, name, parameters, context)
    options = getattr(function, "_mlrun_handler", {})
    args, kwargs = _arguments(inspect.signature(function), named, parameters, context, function)
    hints = options.get("outputs") or context.spec.get("returns")
    if hints or options:
        import mlrun_stand_in

        hints = mlrun_stand_in.prepare(context, options, hints)
    result = function(*args, **kwargs)
    if inspect.isawaitable(result):
        import asyncio

        result = asyncio.run(_awaited(result))
    elif inspect.isgenerator(result) or inspect.isasyncgen(result):
        raise TypeError(f"{named} is a generator, of which nothing would run")
    if hints or _true(result):
        import mlrun_stand_in

        mlrun_stand_in.log_returned(context, result, hints)


def _true(result: Any) -> bool:
    """Report whether MLRun logs the result of a function: if it is true."""
    try:
        return bool(result)
    except Exception:  # a data frame, where MLRun fails
        return False


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result  # asyncio.run itself takes nothing but a coroutine


def _find(
    inspect: Any, file: str, name: str, parameters: dict[str, Any], context: Context
) -> tuple[Any, str]:
    """Return the function, or the method of a new instance, and its name for messages."""
    owner, method, member = name.partition("::")
    folder, _, owner = owner.rpartition(".")
    if file != "-m":
        path, source = _read(file)
        module = _load(file, path, source)
        shown = os.path.basename(path)
    if folder:  # in a module of that path, wherever Python finds it
        import mlrun_stand_in

        module, shown = mlrun_stand_in.import_path(folder), folder
    function: Any = getattr(module, owner, None)
    if not (inspect.isclass(function) if method else callable(function)):
        is_one = inspect.isclass if method else inspect.isfunction
        own = [n for n, f in inspect.getmembers(module, is_one) if f.__module__ == module.__name__]
        _not_there(shown, "class" if method else "function", owner, own)
    if method:
        import mlrun_stand_in

        shown_class = f"{shown}: {owner}()"
        instance = mlrun_stand_in.make_instance(function, shown_class, parameters, context)
        function = getattr(instance, member, None)
        if not callable(function):
            own = [n for n, f in inspect.getmembers(type(instance), callable)]
            _not_there(f"{shown}: class {owner}", "method", member, own)
    return function, f"{shown}: {owner}{method}{member}()"


def _read(file: str) -> tuple[str, bytes]:
    """Return the path and the text of file, or of the source in MLRun's variable."""
    if not file:
        import mlrun_stand_in

        return mlrun_stand_in.code()
    path = os.path.abspath(file)
    try:
        with open(path, "rb") as script:
            return path, script.read()
    except OSError as error:
        missing = isinstance(error, (FileNotFoundError, NotADirectoryError))
        _stop(127 if missing else 126, f"handler {json.dumps(file)}: {error.strerror}")


def _load(file: str, path: str, source: bytes, name: str = "") -> ModuleType:
    """Run source as a module named by its file's stem, as an import of it would.

    But no .pyc is kept: it would run the old code where the source changes within
    a second to the same size.
    """
    from importlib.machinery import SourceFileLoader
    from importlib.util import module_from_spec, spec_from_file_location

    stem = name or os.path.splitext(os.path.basename(path))[0]
    spec = spec_from_file_location(stem, path, loader=SourceFileLoader(stem, path))
    assert spec is not None
    module = module_from_spec(spec)
    sys.argv = [file or path]
    sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
    sys.modules[stem] = module
    exec(compile(source, path, "exec", dont_inherit=True), vars(module))
    return module


def _arguments(
    signature: Signature, named: str, parameters: dict[str, Any], context: Context, function: Any
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments that MLRun passes to a function of this signature.

    A parameter called ``context``, wherever it stands, is the context. Every
    other is looked up by its name in the task's parameters, then its inputs,
    then is left to its default. ``**kwargs`` gets what remains of both.
    """
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    missing: list[str] = []
    left = dict.fromkeys([*parameters, *context.inputs])

    def take(key: str, parameter: Parameter) -> Any:
        del left[key]
        if key in parameters:
            return parameters[key]
        return _input(context, key, parameter, function)

    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            continue
        if parameter.kind is parameter.VAR_KEYWORD:  # always the last
            kwargs.update(
                {
                    key: take(key, parameter.replace(annotation=parameter.empty))
                    for key in list(left)
                }
            )
            continue
        value = take(parameter.name, parameter) if parameter.name in left else parameter.default
        if parameter.name == "context":
            value = context
        if value is parameter.empty:
            missing.append(parameter.name)
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            args.append(value)
        else:
            kwargs[parameter.name] = value
    if missing:
        keys = ", ".join(map(json.dumps, missing))
        hint = "" if "context" in kwargs else ' (the context goes to one called "context")'
        raise TypeError(f"{named} needs {keys}: not in the task's parameters or inputs{hint}")
    return args, kwargs


def _input(context: Context, key: str, parameter: Parameter, function: Any) -> Any:
    """Return an input as the parameter's annotation, or its key in the task, asks for it.

    Without either it is the path if the default is a str, else a DataItem.
    """
    wanted = context._types.get(key, parameter.annotation)
    plain = wanted is parameter.empty and isinstance(parameter.default, str)
    if "mlrun" not in sys.modules and (plain or wanted in (str, "str", parameter.empty)):
        item = context.get_input(key)
        return item if wanted is parameter.empty and not plain else item.local()
    import mlrun_stand_in

    return mlrun_stand_in.unpack(context, key, str if plain else wanted, function)


def _hide_frames(hidden: list[dict[str, Any]], in_file: bool) -> None:
    """Let the traceback about to be printed begin in the handler's code.

    Python's own hook looks for its lines in files: where the code is in none,
    the traceback module prints it.
    """
    show = sys.excepthook  # the handler may have set its own
    if show is sys.__excepthook__ and not in_file:
        import traceback

        show = traceback.print_exception

    def hook(kind: Any, error: BaseException, trace: Any) -> None:
        while trace is not None and any(trace.tb_frame.f_globals is own for own in hidden):
            trace = trace.tb_next
        show(kind, error.with_traceback(trace), trace)

    sys.excepthook = hook


def _not_there(where: str, what: str, name: str, own: list[str]) -> NoReturn:
    public = ", ".join(n for n in own if n[0] != "_") or f"no public {what}"
    _stop(127, f"{where} has no {what} {json.dumps(name)}\nhint: it defines {public}")


def _stop(status: int, problem: str) -> NoReturn:
    print(f"launcher: {problem}", file=sys.stderr)
    sys.exit(status)


_main(sys.argv)
