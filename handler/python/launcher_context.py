"""The context of a handler: the secrets and parameters of its task.

A program that ``launcher run`` started asks for it::

    from launcher_context import get_context

    context = get_context()
    password = context.get_secret("DB_PASSWORD")

The variable LAUNCHER_CONTEXT says where the context is: on standard input
(``stdin``), on a descriptor (``fd:N``) or in the environment (``env``).

The same file is the runner behind ``launcher run --handler FILE:FUNCTION``.
Started as ``python3 -c SOURCE FILE FUNCTION``, it calls the function as MLRun
1.7 does. The handler's own ``from launcher_context import get_context`` works
with nothing installed, and gives the same object.

Python 3.8 and later, standard library only.
"""

from __future__ import annotations

import sys

if __name__ == "__main__" and sys.path[:1] == [""]:
    del sys.path[0]  # "python3 -c" would import ./json.py

import binascii
import json
import os
import time
from _thread import RLock  # without what the threading module imports

TYPE_CHECKING = False  # typing takes longer to import than the rest
if TYPE_CHECKING:
    from inspect import Parameter
    from types import ModuleType
    from typing import Any, Callable, Iterable, NoReturn, Union

    Secret = Union[str, bytes]

__all__ = ["Context", "get_context"]

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
_FOLD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ-.", "abcdefghijklmnopqrstuvwxyz__")

_context: Context | None = None
_lock = RLock()


def get_context() -> Context:
    """Return the context of this process: the same object at every call.

    The first call reads it. RuntimeError says why it cannot be read; no message
    holds a secret's value.
    """
    global _context
    with _lock:  # two threads would each read a part of standard input
        if _context is None:
            _context = Context(_parse(_read(os.environ.get("LAUNCHER_CONTEXT", ""))))
        return _context


class Context:
    """What a handler gets: of MLRun's context, the part about a task's input.

    name, uid, project, iteration, labels, annotations
        say which run this is. They come from the dictionary ``metadata``.
    parameters, inputs, out_path
        are the task's, from the dictionary ``spec``. An input is its address,
        and is not fetched.
    logger
        writes MLRun's log lines on standard error, from spec's ``log_level`` up.
    """

    __module__ = "launcher_context"  # also where the runner is "__main__"

    def __init__(self, document: dict[str, Any]) -> None:
        self.metadata = metadata = _section(document, "metadata")
        self.spec = spec = _section(document, "spec")
        self.name = metadata.get("name") or ""
        self.uid = metadata.get("uid") or ""
        self.project = metadata.get("project") or ""
        self.iteration = metadata.get("iteration") or 0
        self.labels = metadata.get("labels") or {}
        self.annotations = metadata.get("annotations") or {}
        self.parameters = spec.get("parameters") or {}
        self.inputs = spec.get("inputs") or {}
        self.out_path = spec.get("output_path") or ""
        self.logger = Logger(spec.get("log_level"))
        self._find = _finder(_secrets(document))

    def get_param(self, key: str, default: Any = None) -> Any:
        """Return the parameter key, or default where the task has none."""
        return self.parameters.get(key, default)

    def get_secret(self, key: str, default: Any = None) -> Any:
        """Return the secret key: a str, or bytes where it is not UTF-8.

        That is the secret of exactly that name; else the one whose name is
        equal when ASCII letter case is ignored and "-" and "." count as "_"
        (where two would fit, neither does); else this process's environment
        variable of exactly that name; else default. An empty value is a value.
        """
        if not isinstance(key, str):
            raise TypeError(f"a secret's key is a str, not {type(key).__name__}")
        value = self._find(key)
        return default if value is None else value

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"launcher's context has no {_quote(name)}: it holds a task's secrets, parameters "
            "and inputs; results, artifacts and data items need MLRun itself"
        )

    def __repr__(self) -> str:
        return f"<Context name={self.name!r} project={self.project!r}>"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("launcher's context holds secrets: it cannot be pickled or copied")


class Logger:
    """Writes one line a message on standard error, as MLRun's logger does::

        > 2026-01-31 12:00:00,123 [info] running function {"key": "value"}

    args are put in by ``%``; keyword arguments follow as JSON. Nothing raises:
    a message that cannot be written is not worth a job.
    """

    def __init__(self, level: str | None = None) -> None:
        self._level = _LEVELS.get(str(level).lower(), _LEVELS["info"])

    def debug(self, message: Any, *args: Any, **kwargs: Any) -> None:
        self._log("debug", message, args, kwargs)

    def info(self, message: Any, *args: Any, **kwargs: Any) -> None:
        self._log("info", message, args, kwargs)

    def warning(self, message: Any, *args: Any, **kwargs: Any) -> None:
        self._log("warning", message, args, kwargs)

    warn = warning

    def error(self, message: Any, *args: Any, **kwargs: Any) -> None:
        self._log("error", message, args, kwargs)

    def critical(self, message: Any, *args: Any, **kwargs: Any) -> None:
        self._log("critical", message, args, kwargs)

    def exception(self, message: Any, *args: Any, **kwargs: Any) -> None:
        """Write an error with the traceback of the exception being handled."""
        self._log("error", message, args, {"exc_info": True, **kwargs})

    def _log(self, level: str, message: Any, args: Any, kwargs: dict[str, Any]) -> None:
        if _LEVELS[level] < self._level:
            return
        now = time.time()
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
        try:
            try:
                text = _message(message, args, kwargs)
            except Exception:  # a wrong "%", a cycle
                text = f"{message} {args} {kwargs}"
            line = f"> {stamp},{int(now % 1 * 1000):03d} [{level}] {text}\n"
            sys.stderr.write(line)  # in one piece, so that threads do not mix
            sys.stderr.flush()
        except Exception:
            pass


def _message(message: Any, args: Any, kwargs: dict[str, Any]) -> str:
    """Return message % args, as the logging module does it, and kwargs as JSON."""
    text = str(message)
    if args:
        text %= args[0] if len(args) == 1 and isinstance(args[0], dict) else args
    exc_info = kwargs.pop("exc_info", None)
    error = exc_info if isinstance(exc_info, BaseException) else sys.exc_info()[1]
    if exc_info and error:
        import traceback

        trace = error.__traceback__
        kwargs["exc_info"] = traceback.format_exception(type(error), error, trace)
    if kwargs:
        text = f"{text.rstrip()} {json.dumps(kwargs, default=str, ensure_ascii=False)}"
    return text.rstrip()


# Reading the context


_EMPTY = {
    "stdin": "the context on standard input was already read (by another process, or by an earlier "
    'try): use "launcher run --deliver fd", which can be read again',
    "env": "LAUNCHER_CONTEXT is env, and LAUNCHER_CONTEXT_JSON is not set",
    "fd": "the context's descriptor is empty",
}


def _read(where: str) -> bytes:
    """Return the context's JSON from where LAUNCHER_CONTEXT says it is.

    Standard input is read beside sys.stdin, which would read ahead; another
    descriptor without moving its offset, which processes share.
    """
    kind, _, number = where.partition(":")
    if not where:
        raise RuntimeError('LAUNCHER_CONTEXT is not set: start this program with "launcher run"')
    if where == "stdin":
        data = _drain(where, lambda offset: os.read(0, 1 << 20))
        _end_of_file()
    elif where == "env":
        data = os.environb.get(b"LAUNCHER_CONTEXT_JSON", b"")
    elif kind == "fd" and number.isdecimal():
        data = _drain(where, lambda offset: os.pread(int(number), 1 << 20, offset))
    else:
        raise RuntimeError(
            f"this version of launcher_context.py does not read LAUNCHER_CONTEXT {_quote(kind)}: "
            'use "launcher run --deliver" with stdin, fd or env'
        )
    if not data:
        raise RuntimeError(_EMPTY[kind])
    return data


def _end_of_file() -> None:
    """Leave the handler's child processes a standard input that is at its end.

    A context that no pipe holds is a file there, which could be read again.
    """
    try:
        null = os.open(os.devnull, os.O_RDONLY)
    except OSError:
        return  # an image without /dev
    os.dup2(null, 0)
    os.close(null)


def _drain(where: str, read: Callable[[int], bytes]) -> bytes:
    data = bytearray()
    try:
        while True:
            chunk = read(len(data))
            if not chunk:
                return bytes(data)
            data += chunk
    except (OSError, OverflowError) as error:
        raise RuntimeError(
            f"the context on {where} cannot be read: {error} (a child process has it only "
            "where it is passed on, as with subprocess's pass_fds)"
        ) from None


def _parse(data: bytes) -> dict[str, Any]:
    document = None
    try:
        document = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        pass  # raised below, for these errors hold the text, secrets and all
    if not isinstance(document, dict):
        raise RuntimeError("the context is not a JSON object in UTF-8")
    if document.get("version") != 1:
        raise RuntimeError("the context is not of version 1, which this launcher_context.py reads")
    return document


def _section(document: dict[str, Any], name: str) -> dict[str, Any]:
    section = document.get(name)
    if section is not None and not isinstance(section, dict):
        raise RuntimeError(f"the context's {_quote(name)} is not a JSON object")
    return section or {}


def _secrets(document: dict[str, Any]) -> dict[str, Secret]:
    """Return the secrets of document, wherever the delivery has put them."""
    readers: dict[str, Callable[[str], Secret | None]] = {
        "secrets": str,
        "secrets_base64": _from_base64,
        "secrets_env": _variable,
    }
    secrets: dict[str, Secret] = {}
    for name, reader in readers.items():
        for key, text in _section(document, name).items():
            value = reader(text) if isinstance(text, str) else None
            if value is None:
                raise RuntimeError(f"the context's {name} has no value for {_quote(key)}")
            secrets[key] = value
    return secrets


def _from_base64(text: str) -> Secret | None:
    try:
        data = binascii.a2b_base64(text)
    except ValueError:
        return None
    # a2b_base64 skips what is not base64: only what encodes to text again is.
    return _text(data) if binascii.b2a_base64(data, newline=False) == text.encode() else None


def _variable(name: str) -> Secret | None:
    """Return the environment variable name, byte for byte in every locale."""
    try:
        data = os.environb.get(name.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return None
    return None if data is None else _text(data)


def _text(data: bytes) -> Secret:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data


def _finder(secrets: dict[str, Secret]) -> Callable[[str], Secret | None]:
    """Return get_secret's rule as a function that alone holds secrets.

    An attribute would show them to vars() and to every error reporter.
    """
    alike: dict[str, list[str]] = {}
    for key in secrets:
        alike.setdefault(key.translate(_FOLD), []).append(key)

    def find(key: str) -> Secret | None:
        if key in secrets:
            return secrets[key]
        keys = alike.get(key.translate(_FOLD), [])
        return secrets[keys[0]] if len(keys) == 1 else _variable(key)

    return find


def _quote(name: str) -> str:
    return json.dumps(name)


# The runner: python3 -c SOURCE FILE FUNCTION


def _main(argv: list[str]) -> None:
    if len(argv) != 3:
        _stop(125, "launcher_context.py takes FILE FUNCTION")
    sys.modules["launcher_context"] = sys.modules[__name__]
    try:
        _run(argv[1], argv[2])
    except BaseException:
        _hide_own_frames()
        raise  # Python itself prints it, flushes, and picks the status


def _run(file: str, name: str) -> None:
    """Call the function name of file as MLRun does, and ignore what it returns."""
    import copy  # both now: the handler may be a copy.py, and take their place
    import inspect

    context = get_context()
    given = copy.deepcopy({**context.inputs, **context.parameters})
    module = _load(file)
    function = getattr(module, name, None)
    shown = os.path.basename(file)
    if not callable(function):
        found = inspect.getmembers(module, inspect.isfunction)
        own = [n for n, f in found if f.__module__ == module.__name__ and n[0] != "_"]
        hint = f"hint: it defines {', '.join(own) or 'no public function'}"
        _stop(127, f"{shown} has no function {_quote(name)}\n{hint}")
    parameters = inspect.signature(function).parameters.values()
    args, kwargs = _arguments(parameters, given, f"{shown}: {name}()", context)
    result = function(*args, **kwargs)
    if inspect.isawaitable(result):
        import asyncio

        asyncio.run(result)  # type: ignore[arg-type]
    elif inspect.isgenerator(result) or inspect.isasyncgen(result):
        raise TypeError(f"{shown}: {name}() is a generator, of which nothing would run")


def _load(file: str) -> ModuleType:
    """Run file as a module named by its stem, as an import of it would.

    But no .pyc is kept: it would run the old code where the source changes within
    a second to the same size.
    """
    from importlib.machinery import SourceFileLoader
    from importlib.util import module_from_spec, spec_from_file_location

    path = os.path.abspath(file)
    stem = os.path.splitext(os.path.basename(path))[0]
    loader = SourceFileLoader(stem, path)
    try:
        source = loader.get_data(path)
    except OSError as error:
        missing = isinstance(error, (FileNotFoundError, NotADirectoryError))
        _stop(127 if missing else 126, f"handler {_quote(file)}: {error.strerror}")
    spec = spec_from_file_location(stem, path, loader=loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.argv = [file]
    sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
    sys.modules[stem] = module
    exec(compile(source, path, "exec", dont_inherit=True), vars(module))
    return module


def _arguments(
    parameters: Iterable[Parameter], given: dict[str, Any], named: str, context: Context
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments that MLRun 1.7 passes to a function of these parameters.

    A parameter called ``context``, wherever it stands, is the context. Every
    other is looked up by its name in the task's parameters, then its inputs,
    then is left to its default. ``**kwargs`` gets what remains of both.
    """
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    missing: list[str] = []
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            continue
        if parameter.kind is parameter.VAR_KEYWORD:  # always the last
            kwargs.update(given)
            continue
        value = given.pop(parameter.name, parameter.default)
        if parameter.name == "context":
            value = context
        if value is parameter.empty:
            missing.append(parameter.name)
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            args.append(value)
        else:
            kwargs[parameter.name] = value
    if missing:
        keys = ", ".join(map(_quote, missing))
        hint = "" if "context" in kwargs else ' (the context goes to one called "context")'
        raise TypeError(f"{named} needs {keys}: not in the task's parameters or inputs{hint}")
    return args, kwargs


def _hide_own_frames() -> None:
    """Let the traceback about to be printed begin in the handler's code."""
    show = sys.excepthook  # the handler may have set its own

    def hook(kind: Any, error: BaseException, trace: Any) -> None:
        while trace is not None and trace.tb_frame.f_globals is globals():
            trace = trace.tb_next
        show(kind, error.with_traceback(trace), trace)

    sys.excepthook = hook


def _stop(status: int, problem: str) -> NoReturn:
    print(f"launcher: {problem}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    _main(sys.argv)
