"""MLRun's names, for handlers that were written for MLRun and run without it.

``launcher run --handler`` provides this module's names as the module ``mlrun``
if Python finds no other. Its text is read when the handler first needs it. A
script that starts by other means imports this file, then ``mlrun``::

    import mlrun_stand_in  # the package: from launcher_context import mlrun_stand_in
    import mlrun

Results and files go into a local directory, with a ``results.json`` that lists
them (its JSON Schema is docs/results.schema.json). Nothing is fetched and
nothing is sent. A name that is missing here raises an error that says so.

Python 3.8 and later, standard library only.
"""

from __future__ import annotations

import json
import os
import sys
from _thread import RLock  # without what the threading module imports

from launcher_context import Context, Input, Logger, _plain, get_context

TYPE_CHECKING = False  # typing takes longer to import than the rest
if TYPE_CHECKING:
    from typing import Any, Callable, NoReturn

_ARTIFACT_KEY = r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"  # MLRun's own pattern
_RESULTS = "results.json"
_quiet = False  # the runner sets it, for --quiet
_RESULT_TYPES = (bool, int, float, str, bytes, bytearray, list, tuple, dict, set, frozenset)
_MISSING = "needs MLRun itself: install it in the image, or remove the use"


class _Kind(type):
    """Makes every context and input an instance of MLRun's class of it."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return type.__instancecheck__(
            cls.__mro__[1] if cls.__module__ == __name__ else cls, instance
        )


class MLClientCtx(Context, metaclass=_Kind):
    """MLRun's context: what a handler reads about its run, and logs from it.

    A launcher's context becomes one when the handler first uses such a name.
    """

    @property
    def artifact_path(self) -> str:
        """The directory of the outputs: the task's output_path, if it is local.

        Otherwise ``outputs`` in the working directory, or a new directory below
        TMPDIR if the working directory cannot be written.
        """
        root = _outputs(self).root
        try:
            os.makedirs(root, exist_ok=True)
        except OSError:
            pass  # reported when something is written
        return root

    def artifact_subpath(self, *subpaths: str) -> str:
        """Return a path below artifact_path."""
        return os.path.join(self.artifact_path, *subpaths)

    @property
    def in_path(self) -> str:
        """The task's input_path: where inputs with a relative path are."""
        return self.spec.get("input_path") or ""

    @property
    def results(self) -> dict[str, Any]:
        """A copy of the results that were logged so far."""
        return dict(_outputs(self).results)

    @property
    def artifacts(self) -> list[dict[str, Any]]:
        """A copy of what results.json lists of each artifact so far."""
        return [dict(a) for a in _outputs(self).artifacts.values()]

    @property
    def state(self) -> str:
        """The run's state: running, completed or error."""
        return _outputs(self).state

    @property
    def tag(self) -> str:
        """The run's workflow label, or its uid."""
        return self.labels.get("workflow") or self.uid

    @property
    def log_level(self) -> str:
        """The task's log_level, or info."""
        return self.spec.get("log_level") or "info"

    @property
    def host(self) -> str:
        """The name of the machine or pod."""
        return os.uname().nodename

    def is_logging_worker(self) -> bool:
        """Return True: MLRun asks this of the workers of an MPI job."""
        return True

    def set_state(self, execution_state: str = "", error: Any = None, commit: bool = True) -> None:
        """Set the state; an error makes it ``error``, whatever comes later."""
        outputs = _outputs(self)
        if error is not None:
            outputs.fail(error)
        elif execution_state and outputs.state != "error":
            outputs.state = execution_state
        outputs.save()

    def commit(self, message: str = "", completed: bool = False) -> None:
        """Write results.json now, with the message as an annotation."""
        if message:
            self.annotations["message"] = message
        outputs = _outputs(self)
        if completed and outputs.state == "running":
            outputs.state = "completed"
        outputs.save()

    def set_label(self, key: str, value: Any, replace: bool = True) -> None:
        """Set a label of the run; results.json lists it."""
        if replace or not self.labels.get(key):
            self.labels[key] = str(value)
            _outputs(self).touch()

    def set_annotation(self, key: str, value: Any, replace: bool = True) -> None:
        """Set an annotation of the run; results.json lists it."""
        if replace or not self.annotations.get(key):
            self.annotations[key] = str(value)
            _outputs(self).touch()

    def get_dataitem(self, url: str, secrets: Any = None) -> DataItem:
        """Return the local file of this address as a DataItem."""
        return get_dataitem(url)

    def log_result(self, key: str, value: Any, commit: bool = False) -> None:
        """Log one result. A later value of the same key replaces it, as in MLRun."""
        self.log_results({key: value}, commit)

    def log_results(self, results: dict[str, Any], commit: bool = False) -> None:
        """Log a dictionary of results."""
        if not isinstance(results, dict):
            raise MLRunInvalidArgumentError("log_results takes a dictionary")
        outputs = _outputs(self)
        outputs.touch()
        try:
            plain = {str(k): _plain_value(v) for k, v in results.items()}
        except RecursionError:
            keys = ", ".join(map(_quote, results))
            raise MLRunInvalidArgumentError(f"result {keys}: the value is nested too deeply") from None
        with outputs.lock:
            outputs.results.update(plain)
        if commit:
            outputs.save()

    def log_artifact(
        self,
        item: Any,
        body: Any = None,
        local_path: Any = None,
        artifact_path: Any = None,
        tag: str = "",
        viewer: Any = None,
        target_path: Any = "",
        src_path: Any = None,
        upload: bool | None = None,
        labels: Any = None,
        format: str | None = None,
        db_key: Any = None,
        **kwargs: Any,
    ) -> Artifact:
        """Write text, bytes, a plot, or a copy of a local file or directory.

        item is a key or an Artifact. The file is called as MLRun calls it:
        artifact_path/NAME/ITERATION/KEY, with the suffix of local_path or the
        format. upload=False only lists the artifact. tag, viewer and db_key
        are for MLRun's database, and are ignored.
        """
        artifact = item if isinstance(item, Artifact) else Artifact(item, body, format=format)
        artifact.format = format or artifact.format
        artifact.labels = dict(labels or artifact.labels)
        source = _local(
            local_path or src_path or artifact.src_path, f"artifact {_quote(artifact.key)}"
        )
        target = target_path or artifact.target_path
        return _outputs(self).add(artifact, source, artifact_path, target, upload)

    def log_dataset(
        self,
        key: str,
        df: Any,
        tag: str = "",
        local_path: Any = None,
        artifact_path: Any = None,
        upload: bool = True,
        labels: Any = None,
        format: str = "",
        preview: Any = None,
        stats: Any = None,
        db_key: Any = None,
        target_path: Any = "",
        extra_data: Any = None,
        label_column: Any = None,
        **kwargs: Any,
    ) -> DatasetArtifact:
        """Write a data frame as Parquet, or as CSV if format or local_path says so.

        kwargs go to the frame's to_csv or to_parquet. Without a format, and
        without a library that writes Parquet, it is CSV. MLRun's previews and
        statistics are not computed.
        """
        artifact = DatasetArtifact(key, df, format=format, **kwargs)
        artifact.labels = dict(labels or {})
        source = _local(local_path, f"dataset {_quote(key)}")
        return _outputs(self).add(artifact, source, artifact_path, target_path, upload)

    def log_model(
        self,
        key: str,
        body: Any = None,
        framework: str = "",
        tag: str = "",
        model_dir: Any = None,
        model_file: Any = None,
        algorithm: Any = None,
        metrics: Any = None,
        parameters: Any = None,
        artifact_path: Any = None,
        upload: bool = True,
        labels: Any = None,
        inputs: Any = None,
        outputs: Any = None,
        feature_vector: Any = None,
        feature_weights: Any = None,
        training_set: Any = None,
        label_column: Any = None,
        extra_data: Any = None,
        db_key: Any = None,
        **kwargs: Any,
    ) -> ModelArtifact:
        """Write a directory with the model's file, its extra_data and model_spec.yaml.

        The file is body, or a copy of model_file, taken from model_dir if it is
        given. MLRun's schema of the training set is not computed.
        """
        spec = {
            "framework": framework,
            "algorithm": algorithm,
            "metrics": metrics,
            "parameters": parameters,
            "feature_vector": feature_vector,
            "label_column": label_column,
        }
        artifact = ModelArtifact(key, body, model_file, model_dir, extra_data, spec)
        artifact.labels = dict(labels or {}, **({"framework": framework} if framework else {}))
        return _outputs(self).add(artifact, "", artifact_path, "", upload)

    def __getattr__(self, name: str) -> NoReturn:
        if name[:1] == "_":
            raise AttributeError(name)
        hint = "; mlrun.get_or_create_ctx(...) returns MLRun's own context" if _real() else ""
        raise AttributeError(f"context.{name} {_MISSING}{hint}")


class DataItem(Input, metaclass=_Kind):
    """MLRun's data item: one input. Here it is a local file, and its path as a str."""

    url = artifact_url = property(str, doc="The path of the file.")
    kind = property(lambda self: "file", doc='"file": MLRun\'s kind of a local path.')
    meta = property(lambda self: None, doc="None: MLRun's artifact of a store:// address.")

    @property
    def suffix(self) -> str:
        """The extension of the path, such as .csv."""
        return os.path.splitext(self)[1]

    def get(self, size: int | None = None, offset: int = 0, encoding: str | None = None) -> Any:
        """Return the content, or size bytes from offset: bytes, or text with encoding."""
        with open(self, "rb") as file:
            file.seek(offset)
            data = file.read(size or -1)
        return data.decode(encoding) if encoding else data

    def open(self, mode: str = "rb") -> Any:
        """Return the open file."""
        return open(self, mode)

    def as_df(
        self, columns: Any = None, df_module: Any = None, format: str = "", **kwargs: Any
    ) -> Any:
        """Return a data frame of a CSV, Parquet or JSON file, read by pandas."""
        if df_module is None:
            import pandas as df_module
        kind = format or self.suffix[1:]
        if kind == "csv":
            paths = [self]
            if os.path.isdir(self):
                paths = [
                    os.path.join(self, n) for n in sorted(os.listdir(self)) if n.endswith(".csv")
                ]
            frames = [
                df_module.read_csv(p, **({"usecols": columns} if columns else {}), **kwargs)
                for p in paths
            ]
            return frames[0] if len(frames) == 1 else df_module.concat(frames)
        if kind in ("parquet", "pq") or os.path.isdir(self):
            return df_module.read_parquet(
                self, **({"columns": columns} if columns else {}), **kwargs
            )
        if kind == "json":
            frame = df_module.read_json(self, **kwargs)
            return frame[columns] if columns else frame
        raise ValueError(
            f"input {_quote(self.key)}: as_df reads .csv, .parquet, .pq and .json, not {_quote(self)}"
        )

    def download(self, target_path: str) -> None:
        """Copy the file to target_path."""
        import shutil

        shutil.copyfile(self, target_path)

    def listdir(self) -> list[str]:
        """Return the names in the directory."""
        return os.listdir(self)

    ls = listdir

    def stat(self) -> Any:
        """Return the file's os.stat, with MLRun's names size and modified."""
        from types import SimpleNamespace

        info = os.stat(self)
        return SimpleNamespace(size=info.st_size, modified=info.st_mtime, content_type=None)

    def remove_local(self) -> None:
        """Do nothing: MLRun deletes what it fetched, and the file is not a copy."""

    def get_artifact_type(self) -> None:
        """Return None: a path is not an artifact of MLRun's."""

    def show(self, format: str | None = None) -> None:
        """Do nothing: MLRun shows data in notebooks only."""

    def __getattr__(self, name: str) -> NoReturn:
        if name[:1] == "_":
            raise AttributeError(name)
        raise AttributeError(f"DataItem.{name} {_MISSING}")


DATA_ITEM_LACKS = ("delete", "put", "store", "upload")
"""Names of MLRun's DataItem that write, or that know a data store."""


class Artifact:
    """MLRun's artifact: a key, and a body or a local file."""

    kind = "artifact"

    def __init__(
        self,
        key: str = "",
        body: Any = None,
        viewer: Any = None,
        is_inline: bool = False,
        format: str | None = None,
        size: Any = None,
        target_path: Any = None,
        project: Any = None,
        src_path: Any = None,
        **kwargs: Any,
    ) -> None:
        self.key, self.body, self.format = key, body, format or ""
        self.target_path, self.src_path = target_path or "", src_path or ""
        self.labels: dict[str, Any] = {}

    @property
    def uri(self) -> str:
        """The path: there is no store of MLRun's."""
        return self.target_path

    def content(self) -> bytes | None:
        """Return the bytes of the body. It gives a plot its format."""
        body = self.body
        if hasattr(body, "to_html"):  # a figure of plotly's, a data frame
            self.format, body = self.format or "html", body.to_html()
        elif hasattr(body, "savefig"):
            self.format, body = self.format or "png", _picture(body)
        if body is None or isinstance(body, (bytes, bytearray)):
            return body
        if isinstance(body, str):
            return body.encode("utf-8", "surrogateescape")
        raise TypeError(
            f"artifact {_quote(self.key)}: the body is {type(body).__name__}: "
            "pass text or bytes, for instance of json.dumps"
        )

    def write(self, path: str, source: str) -> None:
        """Write the body, or a copy of the local file or directory, to path."""
        import shutil

        content = self.content()
        if content is not None:
            with open(path, "wb") as file:
                file.write(content)
        elif os.path.isdir(source):
            self.kind = "dir"
            shutil.copytree(source, path)
        elif not _same(source, path):
            shutil.copyfile(source, path)


class PlotArtifact(Artifact):
    """A figure of matplotlib's, or PNG bytes, as a picture in an HTML file."""

    kind = "plot"

    def __init__(
        self,
        key: str = "",
        body: Any = None,
        is_inline: bool = False,
        target_path: Any = None,
        title: str = "",
    ) -> None:
        super().__init__(key, body, format="html", target_path=target_path)
        self.title = title or key

    def content(self) -> bytes:
        """Return HTML with the picture inside, as MLRun writes it."""
        import base64
        import html

        if not self.body or not isinstance(self.body, bytes) and not hasattr(self.body, "savefig"):
            raise ValueError(
                f"plot {_quote(self.key)}: the body is not a matplotlib figure or PNG bytes"
            )
        data = self.body if isinstance(self.body, bytes) else _picture(self.body)
        picture = base64.b64encode(data).decode()
        return (
            f'\n<h3 style="text-align:center">{html.escape(self.title)}</h3>\n'
            f'<img title="{self.key}" src="data:image/png;base64,{picture}">\n'
        ).encode()


class PlotlyArtifact(Artifact):
    """A figure of plotly's, as an HTML file."""

    kind = "plotly"

    def __init__(self, figure: Any = None, key: str = "", target_path: Any = None) -> None:
        super().__init__(key, figure, format="html", target_path=target_path)


class TableArtifact(Artifact):
    """A data frame as a CSV file with its index, or a body of text."""

    kind = "table"

    def __init__(
        self,
        key: str = "",
        body: Any = None,
        df: Any = None,
        viewer: Any = None,
        visible: bool = False,
        inline: bool = False,
        format: str | None = None,
        header: Any = None,
        schema: Any = None,
    ) -> None:
        body = body if df is None else df.to_csv()
        suffix = os.path.splitext(key)[1][1:]
        super().__init__(key, body, format="csv" if df is not None else format or suffix)


class DatasetArtifact(Artifact):
    """A data frame as a Parquet or CSV file."""

    kind = "dataset"

    def __init__(
        self,
        key: str = "",
        df: Any = None,
        preview: Any = None,
        format: str = "",
        stats: Any = None,
        target_path: Any = None,
        extra_data: Any = None,
        column_metadata: Any = None,
        ignore_preview_limits: bool = False,
        label_column: Any = None,
        **kwargs: Any,
    ) -> None:
        format = (format or "").lower()
        if format not in ("", "csv", "parquet", "pq"):
            raise ValueError(
                f"dataset {_quote(key)}: the format {_quote(format)} is not csv, parquet or pq"
            )
        if df is not None and not hasattr(df, "to_csv"):
            raise TypeError(
                f"dataset {_quote(key)}: {type(df).__name__} is not a data frame: it has no to_csv"
            )
        super().__init__(
            key, df, format="parquet" if format == "pq" else format, target_path=target_path
        )
        self.kwargs = kwargs

    @property
    def df(self) -> Any:
        """The data frame."""
        return self.body

    def write(self, path: str, source: str) -> None:
        """Write the frame by its own methods, or a copy of the local file."""
        if source and os.path.isfile(source) or self.body is None:
            self.body = None
            return super().write(path, source)
        if self.format == "parquet":
            self.body.to_parquet(path, **self.kwargs)
            return None
        kwargs = dict(self.kwargs)
        if type(getattr(self.body, "index", None)).__name__ == "RangeIndex":
            kwargs.setdefault("index", False)
        self.body.to_csv(path, **kwargs)
        return None


class ModelArtifact(Artifact):
    """A directory with a model's file, extra files and model_spec.yaml."""

    kind = "model"

    def __init__(
        self,
        key: str = "",
        body: Any = None,
        model_file: Any = None,
        model_dir: Any = None,
        extra_data: Any = None,
        spec: Any = None,
    ) -> None:
        if not model_file:
            raise ValueError(
                f"model {_quote(key)}: log_model needs model_file, the name of its file"
            )
        super().__init__(key, body)
        self.model_file, self.folder = (
            os.path.basename(model_file),
            _local(model_dir, f"model {_quote(key)}"),
        )
        self.source = (
            ""
            if body is not None
            else os.path.join(self.folder, _local(model_file, f"model {_quote(key)}"))
        )
        self.extra_data, self.spec = extra_data or {}, spec or {}

    def write(self, path: str, source: str) -> None:
        """Write the model's directory."""
        if self.source and not os.path.isfile(self.source):
            raise FileNotFoundError(f"model {_quote(self.key)}: no file {_quote(self.source)}")
        os.makedirs(path, exist_ok=True)
        super().write(os.path.join(path, self.model_file), self.source)
        extra = {}
        for key, item in self.extra_data.items():
            name = key if isinstance(item, bytes) else str(item)
            part = Artifact(key, item if isinstance(item, bytes) else None)
            if isinstance(item, Artifact):
                extra[key] = item.target_path
            elif os.path.isabs(name) or "://" in name:
                extra[key] = name
            else:
                extra[key] = name
                target = _inside(
                    path,
                    os.path.join(path, name),
                    f"model {_quote(self.key)}: extra_data {_quote(key)}",
                )
                os.makedirs(os.path.dirname(target), exist_ok=True)
                part.write(target, os.path.join(self.folder, name))
        spec = {"model_file": self.model_file, "extra_data": extra, **self.spec}
        document = {
            "kind": "model",
            "metadata": {"key": self.key, "labels": self.labels},
            "spec": {k: v for k, v in spec.items() if v},
        }
        with open(os.path.join(path, "model_spec.yaml"), "w", encoding="utf-8") as file:
            json.dump(_plain_value(document), file, indent=1)  # JSON is YAML as well


class MLRunBaseError(Exception):
    """The base of MLRun's errors."""


class MLRunInvalidArgumentError(MLRunBaseError, ValueError):
    """An argument of a wrong type or value."""


class MLRunValueError(MLRunBaseError, ValueError):
    """A wrong value."""


class MLRunNotFoundError(MLRunBaseError):
    """Something that is missing."""


class MLRunRuntimeError(MLRunBaseError, RuntimeError):
    """A failure while a function runs."""


def get_or_create_ctx(name: str, event: Any = None, spec: Any = None, **kwargs: Any) -> MLClientCtx:
    """Return the context of this process. name is for a run without a task."""
    if event is not None or spec is not None:
        raise NotImplementedError(f"mlrun.get_or_create_ctx with event or spec {_MISSING}")
    context = get_context()
    context.name = context.name or name
    return adopt(context)


def get_secret_or_env(
    key: str, secret_provider: Any = None, default: Any = None, prefix: Any = None
) -> Any:
    """Return a secret: of secret_provider, else the context's, else a variable, else default."""
    name = f"{prefix}_{key}" if prefix else key
    value = _ask(secret_provider, name) or get_context().get_secret(name)
    return default if value is None else value


def get_dataitem(url: str, secrets: Any = None, db: Any = None) -> DataItem:
    """Return the local file of this address as a DataItem."""
    return DataItem(get_context().get_input(url))


def handler(labels: Any = None, outputs: Any = None, inputs: Any = True) -> Callable[[Any], Any]:
    """Mark a function whose returned values are the outputs of these names.

    The function itself stays as it is. inputs=False hands inputs over as DataItems.
    """

    def mark(function: Any) -> Any:
        function._mlrun_handler = {"labels": labels, "outputs": outputs, "inputs": inputs}
        return function

    return mark


logger = Logger()
"""MLRun's logger: one that writes on standard error."""


# The modules


_MODULES: dict[str, tuple[Any, ...]] = {
    "mlrun": (MLClientCtx, DataItem, get_or_create_ctx, get_secret_or_env, get_dataitem, handler),
    "mlrun.artifacts": (
        Artifact,
        PlotArtifact,
        PlotlyArtifact,
        TableArtifact,
        DatasetArtifact,
        ModelArtifact,
    ),
    "mlrun.artifacts.base": (Artifact,),
    "mlrun.artifacts.dataset": (TableArtifact, DatasetArtifact),
    "mlrun.artifacts.model": (ModelArtifact,),
    "mlrun.artifacts.plots": (PlotArtifact, PlotlyArtifact),
    "mlrun.datastore": (DataItem,),
    "mlrun.datastore.base": (DataItem,),
    "mlrun.errors": (
        MLRunBaseError,
        MLRunInvalidArgumentError,
        MLRunValueError,
        MLRunNotFoundError,
        MLRunRuntimeError,
    ),
    "mlrun.execution": (MLClientCtx,),
    "mlrun.package": (handler,),
    "mlrun.run": (get_or_create_ctx, get_dataitem),
    "mlrun.secrets": (get_secret_or_env,),
    "mlrun.utils": (),
}


def names(module: str) -> dict[str, Any] | None:
    """Return what the module of MLRun's has here, by name, or None if it is missing.

    ``launcher check`` reads the same table.
    """
    if module not in _MODULES:
        return None
    have = {item.__name__: item for item in _MODULES[module]}
    if module in ("mlrun.utils",):
        have["logger"] = logger
    return have


def _fill(module: Any) -> None:
    """Give a module of MLRun's its names, and an error for every other."""
    have = names(module.__name__)
    assert have is not None
    vars(module).update(have)

    def missing(name: str) -> Any:
        if name[:2] == "__":
            raise AttributeError(f"module {_quote(module.__name__)} has no {_quote(name)}")
        path = f"{module.__name__}.{name}"
        if path in _MODULES:
            from importlib import import_module

            return import_module(path)
        raise AttributeError(f"{path} {_MISSING}")

    module.__getattr__ = missing


class _Finder:
    """Finds the modules of ``_MODULES``; other modules of MLRun's need MLRun itself."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        if name.partition(".")[0] != "mlrun" or _real() is not None:
            return None
        if name not in _MODULES:
            # An error with another name than the module's: "from mlrun import x"
            # would otherwise hide the message.
            raise ModuleNotFoundError(f"{name} {_MISSING}", name="mlrun")
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, _Finder, origin="launcher", is_package=True)  # type: ignore[arg-type]

    @staticmethod
    def create_module(spec: Any) -> None:
        return None

    @staticmethod
    def exec_module(module: Any) -> None:
        _fill(module)


def provide(asking: Any, path: Any, target: Any) -> Any:
    """Return the spec of the module mlrun: the real one's, else the stand-in's.

    asking is the runner's finder, which must not be asked again.
    """
    for finder in sys.meta_path:
        if finder not in (asking, _Finder) and hasattr(finder, "find_spec"):
            spec = finder.find_spec("mlrun", path, target)
            if spec is not None and spec.has_location:  # a mere folder has none
                _connect(spec.loader)
                return spec
    return _Finder.find_spec("mlrun")


# Calling the handler


def adopt(instance: Any) -> Any:
    """Return the context or input as one of MLRun's classes: the same object."""
    instance.__class__ = MLClientCtx if isinstance(instance, Context) else DataItem
    return instance


def code() -> tuple[str, bytes]:
    """Return the path and the text of the source that MLRUN_EXEC_CODE holds.

    MLRun writes it to main.py in the working directory and runs that; here it
    has the same name, stays in memory, and is not handed to child processes.
    """
    import binascii
    import linecache

    path = os.path.abspath("main.py")
    try:
        source = binascii.a2b_base64(os.environ.pop("MLRUN_EXEC_CODE", ""))
    except ValueError:
        _say("variable MLRUN_EXEC_CODE is not base64")
        sys.exit(125)
    lines = source.decode("utf-8", "replace").splitlines(True)
    linecache.cache[path] = (len(source), None, lines, path)  # what tracebacks show
    return path, source


def make_instance(kind: type, named: str, parameters: dict[str, Any], context: Context) -> Any:
    """Return what MLRun makes of a class whose method is the handler.

    Its arguments are the parameter ``_init_args``, and the context if it
    takes one called so.
    """
    import inspect

    given = parameters.get("_init_args") or {}
    if not isinstance(given, dict):
        raise TypeError(f"{named}: the parameter _init_args is not a JSON object")
    taken = inspect.getfullargspec(kind)
    if taken.varkw or "context" in taken.args:
        given = {**given, "context": context}
    try:
        inspect.signature(kind).bind(**given)
    except TypeError as error:
        raise TypeError(
            f"{named}: {error}: its arguments are those in the parameter _init_args"
        ) from None
    return kind(**given)


def import_path(path: str) -> Any:
    """Return the imported module of this path, searched in the working directory first."""
    from importlib import import_module

    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    if sys.argv[0] == "-c":
        sys.argv = [path]
    try:
        return import_module(path)
    except ModuleNotFoundError as error:
        if error.name is None or not (path + ".").startswith(error.name + "."):
            raise  # the module is there, and another that it imports is not
        _say(
            f"handler: no module {_quote(error.name)}\nhint: check the working directory and PYTHONPATH"
        )
        sys.exit(127)


def unpack(context: Any, key: str, wanted: Any, empty: Any, function: Any) -> Any:
    """Return the input key as a parameter's annotation asks for it, as MLRun does.

    empty stands for no annotation.
    """
    import inspect

    options = getattr(function, "_mlrun_handler", {})
    if isinstance(options.get("inputs"), dict):
        wanted = options["inputs"].get(key, wanted)
    elif options.get("inputs") is False:
        wanted = empty
    if isinstance(wanted, str):
        wanted = _resolve(wanted, inspect.unwrap(function))
    kinds = _alternatives(wanted)
    if wanted is empty or any(_is_item(kind) for kind in kinds):
        mlrun = _real()
        if mlrun is None:
            return adopt(context.get_input(key))
        return mlrun.datastore.store_manager.object(url=context.inputs[key], key=key)
    item = adopt(context.get_input(key))
    for kind in kinds:
        reader = _reader(kind)
        if reader is not None:
            return reader(item)
    raise TypeError(
        f"input {_quote(key)}: an input cannot be {_type_name(wanted)}: annotate it DataItem, str, "
        "pathlib.Path, pandas.DataFrame, dict or list"
    )


def _resolve(text: str, function: Any) -> Any:
    """Return the type that a string names, in the function's module or by its path."""
    try:
        return eval(text, dict(getattr(function, "__globals__", {})))
    except Exception:
        pass
    from importlib import import_module

    path, _, name = text.rpartition(".")
    try:
        return getattr(import_module(path), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise TypeError(f"the type {_quote(text)} of an input is unknown: {error}") from None


def _alternatives(wanted: Any) -> list[Any]:
    """Return the types of a Union or Optional, without None."""
    from typing import Union, get_args, get_origin

    origin = get_origin(wanted)
    if origin is Union or type(wanted).__name__ == "UnionType":
        return [kind for kind in get_args(wanted) if kind is not type(None)]
    return [wanted]


def _is_item(kind: Any) -> bool:
    from typing import Any as AnyType

    return kind in (object, AnyType) or getattr(kind, "__name__", "") in ("DataItem", "Input")


def _reader(kind: Any) -> Any:
    """Return the function that reads an input as this type, or None."""
    from pathlib import PurePath
    from typing import get_origin

    kind = get_origin(kind) or kind
    if kind is str:
        return str
    if kind in (dict, list):
        return lambda item: _read_structure(item, kind)
    if isinstance(kind, type) and issubclass(kind, PurePath):
        return kind
    if isinstance(kind, type) and kind.__name__ == "DataFrame":
        module = sys.modules[kind.__module__.partition(".")[0]]
        return lambda item: item.as_df(df_module=module)
    return None


def _read_structure(item: Any, kind: type) -> Any:
    """Return the dictionary or list of a .json, .jsonl, .yaml or .txt file."""
    text = item.get(encoding="utf-8")
    if item.suffix == ".json":
        value = json.loads(text)
    elif item.suffix == ".jsonl":
        value = [json.loads(line) for line in text.splitlines() if line.strip()]
    elif item.suffix in (".yaml", ".yml"):
        import yaml

        value = yaml.safe_load(text)
    elif item.suffix == ".txt":
        from ast import literal_eval

        value = literal_eval(text)
    else:
        raise TypeError(
            f"input {_quote(item.key)}: a {kind.__name__} is read from .json, .jsonl, .yaml and .txt"
        )
    if kind is dict and isinstance(value, list):
        return dict(enumerate(value))
    return list(value.values()) if kind is list and isinstance(value, dict) else value


def _type_name(wanted: Any) -> str:
    return wanted.__name__ if isinstance(wanted, type) else str(wanted)


def prepare(context: Any, options: dict[str, Any], hints: Any) -> list[Any]:
    """Return the parsed log hints of the returned values, before the handler runs.

    options are mlrun.handler's. A hint is a key, ``key:type``, or a dictionary.
    """
    for key, value in (options.get("labels") or {}).items():
        adopt(context).set_label(key, value)
    return [_hint(hint) for hint in hints or []]


def _hint(hint: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Return the key, type and options of one log hint."""
    if hint is None:
        return None
    if isinstance(hint, str):
        key, _, kind = hint.replace(" ", "").partition(":")
        kind, _, text = kind.partition("[")
        options = {}
        for option in filter(None, text.rstrip("]").split(",")):
            name, _, value = option.partition("=")
            options[name] = value.strip("'\"")
    elif isinstance(hint, dict) and isinstance(hint.get("key"), str):
        options = {
            k: v
            for k, v in hint.items()
            if v and k not in ("key", "artifact_type", "packing_kwargs")
        }
        options.update(hint.get("packing_kwargs") or {})
        key, kind = hint["key"], hint.get("artifact_type") or ""
    else:
        raise TypeError(
            f'returns: {_type_name(type(hint))} is not a log hint: use "key" or "key:type"'
        )
    if (
        not key
        or kind not in ("", "result", "dataset", "file", "path", "object", "plot")
        or "*" in key
    ):
        raise ValueError(f"returns: {_quote(key)} as {_quote(kind)} {_MISSING}")
    return key, kind, options


def log_returned(context: Any, result: Any, hints: Any) -> None:
    """Log what the handler returned: by the hints, else as the result ``return``.

    As in MLRun, a value that cannot be packed is a warning.
    """
    context = adopt(context)
    if not hints:
        try:
            context.log_result("return", result)
        except (OSError, ValueError) as error:  # the handler has done its work
            context.logger.warning(f"the returned value is not logged: {error}")
        return
    values = list(result) if type(result) is tuple else [result]
    if len(values) != len(hints):
        context.logger.warning(
            f"the handler returned {len(values)} values, and there are {len(hints)} log hints"
        )
    for value, hint in zip(values, hints):
        if hint is None:
            continue
        try:
            _pack(context, value, *hint)
        except (TypeError, ValueError, OSError, ImportError) as error:
            context.logger.warning(f"the returned value {_quote(hint[0])} is not logged: {error}")


def _pack(context: Any, value: Any, key: str, kind: str, options: dict[str, Any]) -> None:
    """Log one returned value as the kind that the hint names, or as its type's default."""
    from pathlib import PurePath

    labels, format = options.get("labels"), options.get("file_format", "")
    frame = hasattr(value, "to_csv")
    if not kind:
        series = frame and not hasattr(value, "columns")
        kind = (
            "file"
            if series
            else "dataset"
            if frame
            else "path"
            if isinstance(value, PurePath)
            else "plot"
            if hasattr(value, "savefig")
            else "result"
        )
    if kind == "result":
        if value is None or isinstance(value, _RESULT_TYPES) or hasattr(value, "tolist"):
            context.log_result(
                key, sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
            )
        elif frame:
            context.log_result(key, value.to_dict(orient="list"))
        else:
            raise TypeError(f"a {type(value).__name__} {_MISSING}")
    elif kind == "dataset" and frame:
        context.log_dataset(key, value, format=format or "parquet", labels=labels)
    elif kind == "path":
        context.log_artifact(key, local_path=os.path.abspath(value), labels=labels)
    elif kind == "plot":
        artifact = PlotArtifact(key, value)
        context.log_artifact(artifact, labels=labels)
    elif kind == "file" and frame:
        _log_frame(context, value, key, format or "parquet", labels)
    elif kind == "file" and isinstance(value, (dict, list)) and format in ("", "json"):
        context.log_artifact(
            key, json.dumps(value, indent=4), local_path=key + ".json", labels=labels
        )
    else:
        raise TypeError(f"a {type(value).__name__} as {_quote(kind)} {_MISSING}")


def _log_frame(context: Any, frame: Any, key: str, format: str, labels: Any) -> None:
    """Log a frame or series as a plain file."""
    import tempfile

    if not hasattr(frame, "to_parquet"):
        frame = frame.to_frame()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, f"{key}.{format}")
        getattr(frame, "to_" + format)(path)
        context.log_artifact(key, local_path=path, labels=labels)


def finish(error: BaseException | None) -> None:
    """Write results.json if the handler logged anything, and say where it is.

    It also replaces the results.json of an earlier run, which would be taken for
    this one's. If the handler failed, that matters more than an error here.
    """
    outputs = _written()
    if outputs is None:
        return
    if error is None or isinstance(error, SystemExit) and not error.code:
        outputs.finish()
        return
    outputs.fail(error)
    try:
        outputs.finish()
    except Exception as problem:
        _say(str(problem))


def _written() -> Any:
    """Return the outputs of this run, or None. It has some if an earlier run has.

    Without a context, nothing says where they would be.
    """
    context = sys.modules["launcher_context"]._context
    if context is None:
        return None
    try:
        root = _local_root(context)[0] or "outputs"
        if os.path.exists(os.path.join(root, context.name, str(context.iteration), _RESULTS)):
            _outputs(context).touch()
    except Exception as problem:
        _say(str(problem))
    return vars(context).get("_outputs")


# MLRun itself


def _real() -> Any:
    """Return the module mlrun if it is MLRun itself."""
    mlrun = sys.modules.get("mlrun")
    return None if mlrun is None or mlrun.__spec__.origin == "launcher" else mlrun


def _connect(loader: Any) -> None:
    """Let the real MLRun find this task and its secrets, once loader has run it."""
    run = loader.exec_module

    def exec_module(module: Any) -> None:
        run(module)
        try:
            _share(module)
        except (AttributeError, ImportError) as error:
            _say(
                f"this MLRun is not connected to the task's secrets: {error}\n"
                'hint: read them from the handler\'s context, or set "--deliver env --env-prefix MLRUN_K8S_SECRET__"'
            )

    loader.exec_module = exec_module


def _share(mlrun: Any) -> None:
    """Make MLRun's own get_secret_or_env and get_or_create_ctx use this context."""
    import mlrun.run
    import mlrun.secrets

    find, create, context = mlrun.get_secret_or_env, mlrun.get_or_create_ctx, get_context()
    created: list[Any] = []

    def get_secret_or_env(
        key: str, secret_provider: Any = None, default: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        def provider(name: str) -> Any:
            value = _ask(secret_provider, name)
            return context.get_secret(name) if value is None else value

        return find(key, provider, default, *args, **kwargs)

    def get_or_create_ctx(
        name: str, event: Any = None, spec: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        if event is None and spec is None and not created:
            metadata = {k: v for k, v in context.metadata.items() if v}
            metadata["project"] = metadata.get("project") or kwargs.get("project") or "default"
            spec = {"metadata": metadata, "spec": dict(context.spec)}
            created.append(create(name, event, spec, *args, **kwargs))
            return created[0]
        return create(name, event, spec, *args, **kwargs)

    mlrun.get_secret_or_env = mlrun.secrets.get_secret_or_env = get_secret_or_env
    mlrun.get_or_create_ctx = mlrun.run.get_or_create_ctx = get_or_create_ctx


def _ask(provider: Any, name: str) -> Any:
    """Return what a secret_provider has: a dictionary, a function or MLRun's store."""
    if not provider:
        return None
    return provider.get(name) if hasattr(provider, "get") else provider(name)


# Outputs


class _Outputs:
    """Owns the directory of one run's outputs, and results.json in it."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.root, self.reason = _root(context)
        self.folder = os.path.join(self.root, context.name, str(context.iteration))
        self.results: dict[str, Any] = {}
        self.artifacts: dict[str, dict[str, Any]] = {}
        self.state, self.error = "running", ""
        self._used = self._done = False
        self._pid = os.getpid()
        self.lock = RLock()

    def touch(self) -> None:
        """Make the directory. It fails before the handler has worked for nothing."""
        if self._used:
            return
        try:
            _inside(self.root, self.folder, "the run's name")
            os.makedirs(self.folder, exist_ok=True)
            if not os.access(self.folder, os.W_OK | os.X_OK):
                raise PermissionError(13, os.strerror(13))
        except OSError as error:
            raise OSError(
                f"outputs cannot be written to {_quote(self.folder)}: {error.strerror}: "
                "set spec.output_path in the task to a directory that can be written"
            ) from None
        self._used = True
        import atexit

        atexit.register(self._at_exit)

    def add(
        self, artifact: Any, source: str, artifact_path: Any, target: Any, upload: bool | None
    ) -> Any:
        """Write an artifact and list it. A key is written once."""
        import re

        key = artifact.key
        what = f"{artifact.kind} {_quote(key)}"
        if not isinstance(key, str) or not re.fullmatch(_ARTIFACT_KEY, key):
            raise MLRunInvalidArgumentError(
                f"{what}: a key is letters, digits, '-', '_' and '.', and starts and ends with a letter or digit"
            )
        if key in self.artifacts:
            raise MLRunInvalidArgumentError(
                f"{what}: an artifact of this key was logged before: give each its own key"
            )
        if source and artifact.body is None and not os.path.exists(source):
            raise MLRunInvalidArgumentError(f"{what}: no file {_quote(source)}")
        self.touch()
        path: str | None = None
        if target:
            path = _inside(self.root, _local(target, what), what)
        elif upload is not False and (
            artifact.body is not None or source or artifact.kind == "model"
        ):
            path = self._write(artifact, source, artifact_path, what)
        artifact.target_path = path or ""
        with self.lock:
            return self._list(artifact, path)

    def _list(self, artifact: Any, path: str | None) -> Any:
        key = artifact.key
        row = {
            "key": key,
            "kind": artifact.kind,
            "path": None,
            "format": artifact.format or None,
            "labels": _plain_value(artifact.labels),
        }
        if path:
            row["path"] = os.path.relpath(path, self.folder) + ("/" if os.path.isdir(path) else "")
        self.artifacts[key] = row
        self.save()
        return artifact

    def _write(self, artifact: Any, source: str, artifact_path: Any, what: str) -> str:
        """Write the artifact's file, and return its path."""
        base = _local(artifact_path, what)
        base = os.path.join(self.root, base[2:] if base[:2] == "+/" else base)
        if artifact.kind == "artifact":
            artifact.body = artifact.content()  # before its name, as a plot's format is known then
        suffix = "" if os.path.isdir(source) or artifact.kind == "model" else _suffixes(source)
        if artifact.kind == "dataset" and not artifact.format:
            return self._write_dataset(artifact, source, base, suffix, what)
        if not suffix and artifact.format and artifact.kind != "model":
            suffix = "." + artifact.format
        return self._put(artifact, source, base, suffix, what)

    def _write_dataset(self, artifact: Any, source: str, base: str, suffix: str, what: str) -> str:
        """Write a dataset without a format: by its suffix, else as Parquet, if a library can."""
        named = os.path.splitext(artifact.key + suffix)[1]
        artifact.format = "csv" if named == ".csv" else "parquet"
        try:
            return self._put(artifact, source, base, suffix if named else ".parquet", what)
        except ImportError as error:
            if named:
                raise
            artifact.format = "csv"
            reason = str(error).splitlines()[0]
            self.context.logger.warning(f"{what} is written as CSV: {reason}")
            return self._put(artifact, source, base, ".csv", what)

    def _put(self, artifact: Any, source: str, base: str, suffix: str, what: str) -> str:
        path = os.path.join(
            base, self.context.name, str(self.context.iteration), artifact.key + suffix
        )
        path = _inside(self.root, path, what)
        if _same(path, os.path.join(self.folder, _RESULTS)):
            raise MLRunInvalidArgumentError(f"{what}: {_RESULTS} is the launcher's own file")
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            artifact.write(path, source)
        except OSError as error:
            if error.filename is None:
                raise
            raise type(error)(error.errno, f"{what}: {error.strerror}", error.filename) from None
        return path

    def fail(self, error: Any) -> None:
        """Remember an error: of an exception its type only, as its text may hold a secret."""
        self.state = "error"
        self.error = type(error).__name__ if isinstance(error, BaseException) else str(error)

    def save(self) -> None:
        """Write results.json: the whole of it, or nothing."""
        self.touch()
        metadata = {
            k: getattr(self.context, k)
            for k in ("name", "uid", "project", "iteration", "labels", "annotations")
        }
        document = {
            "version": 1,
            "metadata": metadata,
            "state": self.state,
            "results": self.results,
            "artifacts": list(self.artifacts.values()),
        }
        if self.error:
            document["error"] = self.error
        path = os.path.join(self.folder, _RESULTS)
        with self.lock, open(
            path + ".new", "w", encoding="utf-8", errors="backslashreplace"
        ) as file:
            json.dump(_plain_value(document), file, indent=1, allow_nan=False)
            file.write("\n")
            file.flush()
            os.replace(path + ".new", path)

    def finish(self) -> None:
        """Write results.json for the last time, and say where it is.

        A process that the handler forked does nothing.
        """
        if not self._used or self._done or os.getpid() != self._pid:
            return
        self._done = True
        if self.state == "running":
            self.state = "completed"
        self.save()
        where = f"outputs: {os.path.join(self.folder, _RESULTS)}"
        if not _quiet:
            _say(where + (f" ({self.reason})" if self.reason else ""))

    def _at_exit(self) -> None:
        """Finish for a script, which no runner calls."""
        error = getattr(sys, "last_value", None)
        if error is not None and not self._done:
            self.fail(error)
        self.finish()


def _outputs(context: Any) -> _Outputs:
    outputs = vars(context).get("_outputs")
    if outputs is None:
        outputs = vars(context)["_outputs"] = _Outputs(context)
    return outputs


def _local_root(context: Context) -> tuple[str, str]:
    """Return the task's output_path, or "" if it is not local, and why it is not."""
    path = context.out_path
    for name, value in (
        ("run.uid", context.uid),
        ("run.project", context.project),
        ("project", context.project),
    ):
        path = path.replace("{{%s}}" % name, value)
    if path.startswith("file://"):
        path = path[len("file://") :]
    if path and "://" not in path:
        return os.path.abspath(path), ""
    return "", f"spec.output_path is {_address(path)}, which is not a local directory" if path else ""


def _root(context: Context) -> tuple[str, str]:
    """Return the directory below which all outputs are, and why it is not the task's."""
    path, reason = _local_root(context)
    if path:
        return path, reason
    if os.access(".", os.W_OK):
        return os.path.abspath("outputs"), reason
    import tempfile

    try:
        return tempfile.mkdtemp(prefix="launcher-outputs-"), reason
    except OSError:  # reported when something is written
        return os.path.abspath("outputs"), reason


def _inside(root: str, path: str, what: str) -> str:
    """Return path, or raise if it leads out of root, also by a link."""
    root, path = os.path.realpath(root), os.path.abspath(path)
    if os.path.commonpath([root, os.path.realpath(path)]) != root:
        raise MLRunInvalidArgumentError(
            f"{what}: {_quote(path)} is outside the outputs, {_quote(root)}"
        )
    return path


def _same(source: str, path: str) -> bool:
    return os.path.realpath(source) == os.path.realpath(path)


def _local(path: Any, what: str) -> str:
    """Return a local path as a str; an address elsewhere is an error."""
    path = os.fspath(path) if path else ""
    scheme, remote, rest = path.partition("://")
    if remote and scheme != "file":
        raise MLRunInvalidArgumentError(
            f"{what}: {_address(path)} is not a local path, and launcher copies only local files"
        )
    return rest if remote else path


def _address(path: str) -> str:
    """Return an address for a message, without what may be a credential."""
    scheme, _, rest = path.partition("://")
    return f"{scheme}://{_plain(rest)}"


def _suffixes(path: str) -> str:
    """Return all suffixes of a path, such as .tar.gz."""
    from pathlib import PurePath

    return "".join(PurePath(path).suffixes)


def _picture(figure: Any) -> bytes:
    from io import BytesIO

    data = BytesIO()
    figure.savefig(data, format="png")
    return data.getvalue()


def _plain_value(value: Any) -> Any:
    """Return a value as JSON can hold it, as MLRun does; numbers of numpy's are numbers."""
    if value is None or type(value) in (bool, int, str):
        return value
    if isinstance(value, float):
        return (
            float(value)
            if value - value == 0
            else {True: "Infinity", False: "-Infinity"}.get(value > 0)
            if value == value
            else "NaN"
        )
    if isinstance(value, (int, str)):
        return int(value) if isinstance(value, int) else str(value)
    if isinstance(value, list):
        return [_plain_value(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _plain_value(v) for k, v in value.items()}
    if type(value).__module__.partition(".")[0] == "numpy" and hasattr(value, "tolist"):
        return _plain_value(value.tolist())
    return str(value)


def _quote(name: Any) -> str:
    return json.dumps(name if isinstance(name, str) else str(name))


def _say(text: str) -> None:
    try:
        sys.stderr.write(f"launcher: {text}\n")
        sys.stderr.flush()
    except Exception:
        pass  # a message that cannot be written is not worth a job


sys.meta_path.append(_Finder)  # type: ignore[arg-type]  # the last: the real MLRun comes first
