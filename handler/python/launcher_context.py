"""The context of a handler: the secrets and parameters of its task. Version 0.1.0.
From https://github.com/seed45446ece/launcher, under the Apache License 2.0.

A program that ``launcher run`` started asks for it::

    from launcher_context import get_context

    context = get_context()
    password = context.get_secret("DB_PASSWORD")

The variable LAUNCHER_CONTEXT says where the context is: on standard input
(``stdin``), on a descriptor (``fd:N``), in the environment (``env``), in files
(``files:FOLDER``) or with the launcher, which answers on a socket
(``unix:PATH``).

A function that ``launcher run --handler FILE:FUNCTION`` calls needs nothing
installed: it is given the context, and can import this module all the same.

Python 3.8 and later, standard library only.
"""

from __future__ import annotations

import binascii
import json
import os
import stat
import sys
import time
from _thread import RLock  # without what the threading module imports

TYPE_CHECKING = False  # typing takes longer to import than the rest
if TYPE_CHECKING:
    from typing import Any, Callable, NoReturn, TypeVar, Union, overload

    Secret = Union[str, bytes]
    T = TypeVar("T")

__all__ = ["Context", "Input", "Logger", "get_context"]

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
            _context = _load(os.environ.get("LAUNCHER_CONTEXT", ""))
        return _context


class Context:
    """What a handler gets: MLRun's context, without MLRun.

    name, uid, project, iteration, labels, annotations
        say which run this is. They come from the dictionary ``metadata``.
    parameters, inputs, out_path
        are the task's, from the dictionary ``spec``. An input is its address.
    logger
        writes MLRun's log lines on standard error, from spec's ``log_level`` up.

    Other names of MLRun's, such as log_result, are in mlrun_stand_in.py, which is
    loaded at their first use. One that is in neither is an AttributeError that
    says so.
    """

    def __init__(self, document: dict[str, Any], find: Callable[[str], Secret | None]) -> None:
        self.metadata = metadata = _section(document, "metadata")
        self.spec = spec = _section(document, "spec")
        self.name = metadata.get("name") or ""
        self.uid = metadata.get("uid") or ""
        self.project = metadata.get("project") or ""
        self.iteration = metadata.get("iteration") or 0
        self.labels = metadata.get("labels") or {}
        self.annotations = metadata.get("annotations") or {}
        self.parameters = spec.get("parameters") or {}
        self.inputs, self._types = _split_keys(spec.get("inputs") or {})
        self.out_path = spec.get("output_path") or ""
        self.logger = Logger(spec.get("log_level"))
        self._find = find
        self._defaults: dict[str, Any] = {}

    def get_param(self, key: str, default: Any = None) -> Any:
        """Return the parameter key, or default if the task has none.

        Later calls without a default return the first default that was passed.
        """
        if key in self.parameters:
            return self.parameters[key]
        if default is not None:
            self._defaults.setdefault(key, default)
        return self._defaults.get(key)

    if TYPE_CHECKING:

        @overload
        def get_secret(self, key: str) -> Secret | None: ...
        @overload
        def get_secret(self, key: str, default: T) -> Secret | T: ...

    def get_secret(self, key: str, default: Any = None) -> Any:
        """Return the secret key: a str, or bytes where it is not UTF-8.

        That is the secret of exactly that name; else the one whose name is
        equal when ASCII letter case is ignored and "-" and "." count as "_"
        (where two would fit, neither does); else this process's environment
        variable of exactly that name; else default. An empty value is a value.

        Where the launcher answers on a socket it is asked every time, and
        RuntimeError says what it, or its end, has come in the way.
        """
        if not isinstance(key, str):
            raise TypeError(f"a secret's key is a str, not {type(key).__name__}")
        value = self._find(key)
        return default if value is None else value

    def get_input(self, key: str, url: str = "") -> Input:
        """Return the path of the input key: a str, with the names of MLRun's DataItem.

        An input that the task has not is url, or else key itself, as in MLRun;
        one that is not absolute is taken from spec's ``input_path``. Nothing is
        fetched: RuntimeError names an input that is no local file's address.
        """
        address = self.inputs.get(key) or url or key
        if not isinstance(address, str):
            raise TypeError(f"input {_quote(key)}: its address is not a string")
        folder = self.spec.get("input_path") or ""
        if "://" not in address and not address.startswith("/"):
            address = os.path.join(folder, address)
        scheme, remote, rest = address.partition("://")
        if remote and scheme != "file":
            raise RuntimeError(
                f"input {_quote(key)} is {scheme}://{_plain(rest)}, which launcher does not fetch: "
                "mount it, or read its address from context.inputs"
            )
        item = Input(rest if remote else address)
        item.key = key
        return item

    def __getattr__(self, name: str) -> Any:
        return _more(self, name, "context")

    def __repr__(self) -> str:
        return f"<Context name={self.name!r} project={self.project!r}>"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("launcher's context holds secrets: it cannot be pickled or copied")


class Input(str):
    """The path of an input, as MLRun's DataItem; its other names are in mlrun_stand_in.py."""

    key = ""

    def local(self) -> str:
        """Return the path as a plain str: an input is never fetched."""
        return str(self)

    def __getattr__(self, name: str) -> Any:
        return _more(self, name, "input")


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

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"launcher's logger has no {_quote(name)}: it has debug, info, warning, error, "
            "critical and exception"
        )

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


def _more(instance: Any, name: str, what: str) -> Any:
    """Return the attribute of MLRun's class, which mlrun_stand_in.py has.

    That module comes from the runner, this package, or a copy beside this file.
    """
    if name[:1] == "_":
        raise AttributeError(name)
    try:
        if "__path__" in globals():
            from . import mlrun_stand_in
        else:
            import mlrun_stand_in
    except ImportError:
        raise AttributeError(
            f"launcher's {what} has no {_quote(name)}: MLRun's other names need the file "
            "mlrun_stand_in.py beside launcher_context.py"
        ) from None
    return getattr(mlrun_stand_in.adopt(instance), name)


def _split_keys(inputs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return inputs by their names, and the types in keys such as "infile: str"."""
    named, types = {}, {}
    for key, address in inputs.items():
        name, _, kind = key.partition(":")
        named[name.strip()] = address
        if kind.strip():
            types[name.strip()] = kind.strip()
    return named, types


# Reading the context


_WORKERS = "for worker processes use --deliver files or socket"

_EMPTY = {
    "stdin": f"standard input holds no context: it was already read, by this process or another; {_WORKERS}",
    "env": "LAUNCHER_CONTEXT is env, and LAUNCHER_CONTEXT_JSON is not set",
    "fd": f"the context's descriptor is empty: {_WORKERS}",
    "files": "the context's file is empty",
}


def _load(where: str) -> Context:
    """Return the context from where LAUNCHER_CONTEXT says it is."""
    kind, _, place = where.partition(":")
    if kind == "unix" and place:
        status, data = _ask(place, "/v1/context")
        if status != 200:
            raise RuntimeError(f"the launcher did not return the context: {_problem(status, data)}")
        document = _parse(data)
        _secrets(document, kind)
        return Context(document, _asker(place))
    document = _parse(_read(where))
    return Context(document, _finder(_secrets(document, kind, place)))


def _read(where: str) -> bytes:
    """Return the context's JSON of a delivery that is read once, whole.

    Standard input is read beside sys.stdin, which would read ahead; another
    descriptor without moving its offset, which processes share.
    """
    kind, _, place = where.partition(":")
    if not where:
        raise RuntimeError('LAUNCHER_CONTEXT is not set: start this program with "launcher run"')
    if where == "stdin":
        data = _drain(where, lambda offset: os.read(0, 1 << 20))
        _end_of_file()
    elif where == "env":
        data = os.environb.get(b"LAUNCHER_CONTEXT_JSON", b"")
    elif kind == "fd" and place.isdecimal():
        data = _drain(where, lambda offset: os.pread(int(place), 1 << 20, offset))
        if data and not data.lstrip().startswith(b"{"):  # a file that this process opened itself
            raise RuntimeError(f"descriptor {place} holds no context: {_WORKERS}")
    elif kind == "files" and place:
        data = _file(place, "context.json")
    else:
        raise RuntimeError(
            f"unsupported delivery {_quote(kind)} in LAUNCHER_CONTEXT: "
            'use "launcher run --deliver" with stdin, fd, env, files or socket'
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
        raise RuntimeError(f"the context on {where} cannot be read: {error}; {_WORKERS}") from None


def _file(folder: str, name: str) -> bytes:
    """Return the bytes of a file of the folder that the files delivery made.

    A link could lead out of the folder, and a FIFO may never end.
    """
    path = os.path.join(folder, name)
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise ValueError("it is not a regular file")
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RuntimeError(
            f"the context's file {_quote(name)} cannot be read: {reason} (its folder is the "
            "handler's own, and is removed when the handler ends)"
        ) from None


def _asker(path: str) -> Callable[[str], Secret | None]:
    """Return get_secret's rule where the launcher answers on a socket.

    It asks every time, as a value may change; the launcher matches the key.
    """

    def find(key: str) -> Secret | None:
        from urllib.parse import quote

        try:
            status, data = _ask(path, "/v1/secrets/" + quote(key, safe=""))
        except UnicodeEncodeError:  # a key that is no text is nobody's
            return None
        if status == 404:
            return _variable(key)
        if status != 200:
            raise RuntimeError(f"the secret {_quote(key)}: {_problem(status, data)}")
        return _text(data)

    return find


def _ask(path: str, target: str) -> tuple[int, bytes]:
    """Return the status and body of GET target at the Unix socket path."""
    import socket  # both now, as most deliveries need neither
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection("launcher")
    try:
        connection.sock = socket.socket(socket.AF_UNIX)  # else it would connect by TCP
        connection.sock.connect(path)
        connection.request("GET", target, headers={"Connection": "close"})
        response = connection.getresponse()
        if response.length is None:  # it would end wherever the connection does
            raise HTTPException
        return response.status, response.read()
    except PermissionError as error:
        problem = f"the socket {_quote(path)} is not for this user: {error.strerror}"
    except (OSError, HTTPException) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        problem = f"the launcher process that serves secrets has ended: {reason}"
    finally:
        connection.close()
    raise RuntimeError(problem)  # here, as an IncompleteRead would hold a part of a value


def _problem(status: int, body: bytes) -> str:
    return body.decode("utf-8", "replace").strip() or f"status {status}"


def _parse(data: bytes) -> dict[str, Any]:
    document = None
    try:
        document = json.loads(data.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        pass  # raised below, for these errors hold the text, secrets and all
    if not isinstance(document, dict):
        raise RuntimeError("the context is not a JSON object in UTF-8")
    version = document.get("version")
    if type(version) is not int or version != 1:
        other = f" ({version})" if type(version) is int else ""
        raise RuntimeError(
            f"the context has an unsupported version{other}: launcher_context.py reads version 1"
        )
    return document


def _refuse(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _section(document: dict[str, Any], name: str) -> dict[str, Any]:
    section = document.get(name)
    if section is not None and not isinstance(section, dict):
        raise RuntimeError(f"the context's {_quote(name)} is not a JSON object")
    return section or {}


def _secrets(document: dict[str, Any], kind: str, folder: str = "") -> dict[str, Secret]:
    """Return the secrets of document, wherever the delivery has put them.

    Only the delivery env has them in variables, and only files in the folder.
    """

    def file(name: str) -> Secret | None:
        inside = name and "/" not in name and name not in (".", "..")
        return _text(_file(folder, name)) if inside else None

    def nowhere(_: str) -> None:
        return None

    readers: dict[str, Callable[[str], Secret | None]] = {
        "secrets": str,
        "secrets_base64": _from_base64,
        "secrets_env": _variable if kind == "env" else nowhere,
        "secrets_files": file if kind == "files" else nowhere,
    }
    secrets: dict[str, Secret] = {}
    for name, reader in readers.items():
        for key, text in _section(document, name).items():
            value = reader(text) if isinstance(text, str) else None
            if value is None:
                raise RuntimeError(f"the context's {name} has no value for {_quote(key)}")
            if key in secrets:
                raise RuntimeError(f"duplicate secret {_quote(key)} in the context")
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


def _plain(address: str) -> str:
    """Return address without what may be a credential: its user, query and fragment."""
    host, slash, path = address.partition("#")[0].partition("?")[0].partition("/")
    return host.rpartition("@")[2] + slash + path
