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
from types import AsyncGeneratorType, FunctionType, GeneratorType

_PID = os.getpid()
_PATH = list(sys.path)  # before the handler's folder is in it
_stem = ""  # the name of the handler's module

TYPE_CHECKING = False  # typing takes longer to import than the rest
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Awaitable, Callable, Iterable, NoReturn

    from launcher_context import Context


def _main(argv: list[str]) -> None:
    if len(argv) != 5 and argv[5:] != ["--quiet"]:
        _stop(125, "the Python runner takes MODULE STAND_IN FILE FUNCTION [--quiet]")
    _, text, stand_in, file, function = argv[:5]
    module = _adopt(text)
    sys.meta_path.insert(0, _Finder(stand_in, len(argv) > 5))  # type: ignore[arg-type]
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

    def __init__(self, source: str, quiet: bool) -> None:
        self._source, self._quiet = source, quiet

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
        module._quiet = self._quiet


def _finish(error: BaseException | None) -> None:
    """Write results.json, if the handler logged anything or failed.

    A process that the handler forked does nothing.
    """
    if os.getpid() == _PID and (error is not None or "mlrun_stand_in" in sys.modules):
        try:
            import mlrun_stand_in
        except Exception:  # such as MemoryError; the handler's own error matters more
            return
        mlrun_stand_in.finish(error)


def _run(get_context: Callable[[], Context], file: str, name: str) -> None:
    """Call the function name of file as MLRun does, and log what it returns."""
    import copy  # now: the handler may be a copy.py, and take its place
    from collections.abc import Awaitable

    context = get_context()  # before any of the handler's code
    parameters = copy.deepcopy(context.parameters)  # the handler may change its own
    function, named = _find(file, name, parameters, context)
    options = getattr(function, "_mlrun_handler", {})
    args, kwargs = _arguments(_signature(function), named, parameters, context, function)
    hints = options.get("outputs") or context.spec.get("returns")
    if hints or options:
        import mlrun_stand_in

        hints = mlrun_stand_in.prepare(context, options, hints)
    result = function(*args, **kwargs)
    if isinstance(result, Awaitable) or _is_old_coroutine(result):
        import asyncio

        result = asyncio.run(_awaited(result))
    elif isinstance(result, (GeneratorType, AsyncGeneratorType)):
        raise TypeError(f"{named} is a generator, which is not supported")
    if hints or _true(result):
        import mlrun_stand_in

        mlrun_stand_in.log_returned(context, result, hints)


def _true(result: Any) -> bool:
    """Report whether MLRun logs the result of a function: if it is true."""
    try:
        return bool(result)
    except Exception:  # a data frame, where MLRun fails
        return False


def _is_old_coroutine(result: Any) -> bool:
    """Report whether this is a generator of types.coroutine."""
    return isinstance(result, GeneratorType) and bool(result.gi_code.co_flags & 0x100)


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result  # asyncio.run itself takes nothing but a coroutine


def _find(
    file: str, name: str, parameters: dict[str, Any], context: Context
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
    if not (isinstance(function, type) if method else callable(function)):
        kind = type if method else FunctionType
        found = {n: f for n, f in sorted(vars(module).items()) if isinstance(f, kind)}
        own = [n for n, f in found.items() if f.__module__ == module.__name__]
        _not_there(shown, "class" if method else "function", owner, own)
    if method:
        import mlrun_stand_in

        shown_class = f"{shown}: {owner}()"
        instance = mlrun_stand_in.make_instance(function, shown_class, parameters, context)
        function = getattr(instance, member, None)
        if not callable(function):
            own = [n for n in dir(type(instance)) if callable(getattr(type(instance), n, None))]
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

    global _stem
    _stem = stem = name or os.path.splitext(os.path.basename(path))[0]
    spec = spec_from_file_location(stem, path, loader=SourceFileLoader(stem, path))
    assert spec is not None
    module = module_from_spec(spec)
    sys.argv = [file or path]
    sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
    sys.modules[stem] = module
    exec(compile(source, path, "exec", dont_inherit=True), vars(module))
    return module


class _Parameter:
    """A parameter of a plain function, with the attributes of inspect.Parameter."""

    empty = object()
    POSITIONAL_ONLY, POSITIONAL_OR_KEYWORD, VAR_POSITIONAL, KEYWORD_ONLY, VAR_KEYWORD = range(5)

    def __init__(self, name: str, kind: int, default: Any, annotation: Any) -> None:
        self.name, self.kind, self.default, self.annotation = name, kind, default, annotation


def _signature(function: Any) -> Iterable[Any]:
    """Return the function's parameters, as inspect.signature does, but without *args.

    A plain function does not need inspect, which takes longer to import than
    everything else here.
    """
    if type(function) is not FunctionType or vars(function):
        return _import_inspect().signature(function).parameters.values()
    code = function.__code__
    positional, only = code.co_argcount, code.co_posonlyargcount
    kinds = [_Parameter.POSITIONAL_ONLY] * only
    kinds += [_Parameter.POSITIONAL_OR_KEYWORD] * (positional - only)
    kinds += [_Parameter.KEYWORD_ONLY] * code.co_kwonlyargcount
    names = list(code.co_varnames)  # then *args, **kwargs and what is local
    if code.co_flags & 0x04:
        del names[len(kinds)]
    if code.co_flags & 0x08:
        kinds.append(_Parameter.VAR_KEYWORD)
    values = function.__defaults__ or ()
    defaults = dict(zip(names[positional - len(values) : positional], values))
    defaults.update(function.__kwdefaults__ or {})
    notes, empty = function.__annotations__, _Parameter.empty
    return [
        _Parameter(name, kind, defaults.get(name, empty), notes.get(name, empty))
        for name, kind in zip(names, kinds)
    ]


def _import_inspect() -> Any:
    """Return the module inspect, whatever files are beside the handler."""
    path, sys.path = sys.path, _PATH
    handler = sys.modules.pop(_stem, None)
    try:
        import inspect
    finally:
        sys.path = path
        if handler:
            sys.modules[_stem] = handler
    return inspect


def _arguments(
    signature: Iterable[Any], named: str, parameters: dict[str, Any], context: Context, function: Any
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

    def take(key: str, parameter: Any, annotation: Any) -> Any:
        del left[key]
        if key in parameters:
            return parameters[key]
        return _input(context, key, parameter, annotation, function)

    for parameter in signature:
        if parameter.kind == parameter.VAR_POSITIONAL:
            continue
        if parameter.kind == parameter.VAR_KEYWORD:  # always the last
            kwargs.update({key: take(key, parameter, parameter.empty) for key in list(left)})
            continue
        value = parameter.default
        if parameter.name in left:
            value = take(parameter.name, parameter, parameter.annotation)
        if parameter.name == "context":
            value = context
        if value is parameter.empty:
            missing.append(parameter.name)
        elif parameter.kind == parameter.POSITIONAL_ONLY:
            args.append(value)
        else:
            kwargs[parameter.name] = value
    if missing:
        keys = ", ".join(map(json.dumps, missing))
        hint = "" if "context" in kwargs else ' (the context goes to one called "context")'
        raise TypeError(f"{named} needs {keys}: not in the task's parameters or inputs{hint}")
    return args, kwargs


def _input(context: Context, key: str, parameter: Any, annotation: Any, function: Any) -> Any:
    """Return an input as the parameter's annotation, or its key in the task, asks for it.

    Without either it is the path if the default is a str, else a DataItem.
    """
    wanted = context._types.get(key, annotation)
    plain = wanted is parameter.empty and isinstance(parameter.default, str)
    if "mlrun" not in sys.modules and (plain or wanted in (str, "str", parameter.empty)):
        item = context.get_input(key)
        return item if wanted is parameter.empty and not plain else item.local()
    import mlrun_stand_in

    wanted = str if plain else wanted
    return mlrun_stand_in.unpack(context, key, wanted, parameter.empty, function)


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
    public = ", ".join(n for n in own if n[0] != "_")
    hint = f"use one of {public}" if public else f"define a public {what}"
    _stop(127, f"{where} has no {what} {json.dumps(name)}\nhint: {hint}")


def _stop(status: int, problem: str) -> NoReturn:
    print(f"launcher: {problem}", file=sys.stderr)
    sys.exit(status)


_main(sys.argv)
