"""The program behind ``launcher check --handler``: which of MLRun's names a file uses.

Started as ``python3 -c CHECK MODULE STAND_IN FILE FUNCTION``, it reads FILE with
ast and runs nothing of it. It prints a table of MLRun's names, and whether the
launcher has each; the status is 1 if one of them needs MLRun itself. What the
launcher has it asks the module mlrun_stand_in itself.

Without FUNCTION the whole file counts; else what importing the file runs, the
function, and the functions and classes of the file that it uses.
"""

from __future__ import annotations

import ast
import json
import os
import sys

if sys.path[:1] == [""]:
    del sys.path[0]  # "python3 -c" would import ./json.py

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, NoReturn


def _main(argv: list[str]) -> None:
    if len(argv) != 5:
        _stop(125, "the checker takes MODULE STAND_IN FILE FUNCTION")
    stand_in = None
    for name, text in (("launcher_context", argv[1]), ("mlrun_stand_in", argv[2])):
        stand_in = sys.modules[name] = type(sys)(name)
        exec(compile(text, f"<{name}>", "exec", dont_inherit=True), vars(stand_in))
    file, function = argv[3], argv[4]
    if file == "-m":
        file, function = _find_module(function)
    tree = _parse(file)
    uses = _Uses(stand_in, tree)
    for node in _reached(tree, function, os.path.basename(file)):
        uses.visit(node)
    rows = [
        (name, str(line), "yes" if have else "needs MLRun itself")
        for (name, have), line in uses.found.items()
    ]
    if not rows:
        print(f"{os.path.basename(file)} uses none of MLRun's names")
    else:
        _print([("NAME", "LINE", "LAUNCHER"), *rows])
    sys.exit(0 if all(have for _, have in uses.found) else 1)


def _find_module(name: str) -> tuple[str, str]:
    """Return the file of a module's path, and the function in it."""
    from importlib.util import find_spec

    owner, method, member = name.partition("::")
    path, _, owner = owner.rpartition(".")
    sys.path.insert(0, os.getcwd())
    try:
        spec = find_spec(path)
    except ImportError:
        spec = None
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        _stop(127, f"handler: no module {json.dumps(path)} in a .py file")
    return spec.origin, owner + method + member


def _parse(file: str) -> ast.Module:
    try:
        with open(file, "rb") as script:
            return ast.parse(script.read(), file)
    except OSError as error:
        _stop(126, f"handler {json.dumps(file)}: {error.strerror}")
    except (SyntaxError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        _stop(
            1,
            f"handler {json.dumps(file)}{f', line {line}' if line else ''}: {getattr(error, 'msg', error)}",
        )


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _reached(tree: ast.Module, function: str, shown: str) -> Iterator[ast.AST]:
    """Return the statements that count for the function, in the file's order."""
    if not function:
        return iter(tree.body)
    defined = {node.name: node for node in tree.body if isinstance(node, _DEFINITIONS)}
    first = function.partition("::")[0].partition(".")[0]
    if first not in defined and "." not in function:
        known = ", ".join(name for name in defined if name[0] != "_")
        hint = f"use one of {known}" if known else "define a public function"
        _stop(127, f"{shown} has no function {json.dumps(first)}\nhint: {hint}")
    body = [node for node in tree.body if not isinstance(node, _DEFINITIONS)]
    reached, left = set(), {first}
    for statement in body:
        left |= _names(statement)
    while left:
        name = left.pop()
        if name in defined and name not in reached:
            reached.add(name)
            left |= _names(defined[name])
    return (
        node for node in tree.body if not isinstance(node, _DEFINITIONS) or node.name in reached
    )


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


class _Uses(ast.NodeVisitor):
    """Collects MLRun's names: imports, attributes of them, and those of contexts and inputs."""

    def __init__(self, stand_in: Any, tree: ast.Module) -> None:
        self.found: dict[tuple[str, bool], int] = {}
        self._stand_in = stand_in
        self._aliases: dict[str, str] = {}
        context = stand_in.adopt(stand_in.Context({}, lambda key: None))
        self._has = {
            "context": {*dir(context), *vars(context)},
            "context.logger": set(dir(context.logger)),
            "DataItem": {"key", "local", *vars(stand_in.DataItem)},
        }
        for node in ast.walk(tree):  # an import anywhere gives the file its names
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.partition(".")[0] == "mlrun":
                        self._aliases[alias.asname or "mlrun"] = (
                            alias.name if alias.asname else "mlrun"
                        )
            elif isinstance(node, ast.ImportFrom) and _is_mlrun(node):
                for alias in node.names:
                    self._aliases[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        for node in ast.walk(tree):
            self._learn(node)

    def _learn(self, node: ast.AST) -> None:
        """Remember which names of the file are contexts and inputs."""
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for argument in [*node.args.args, *node.args.kwonlyargs]:
                kind = self._path(argument.annotation) or ""
                if argument.arg == "context" or kind.endswith(".MLClientCtx"):
                    self._aliases.setdefault(argument.arg, "context")
                elif kind.endswith(".DataItem"):
                    self._aliases.setdefault(argument.arg, "DataItem")
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            called = self._path(node.value.func) or ""
            kind = {
                "get_or_create_ctx": "context",
                "get_input": "DataItem",
                "get_dataitem": "DataItem",
            }.get(called.rpartition(".")[2])
            for target in node.targets:
                if kind and isinstance(target, ast.Name):
                    self._aliases.setdefault(target.id, kind)

    def _path(self, node: ast.AST | None) -> str | None:
        """Return the dotted name of a name or attribute, as MLRun calls it, or None."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                node = ast.parse(node.value, mode="eval").body
            except SyntaxError:
                return None
        if isinstance(node, ast.Name):
            return self._aliases.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self._path(node.value)
            return f"{owner}.{node.attr}" if owner else None
        return None

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name.partition(".")[0] == "mlrun":
                self._add(alias.name, node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if _is_mlrun(node):
            for alias in node.names:
                self._add(f"{node.module}.{alias.name}", node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        path = self._path(node)
        if path:
            self._add(path, node)
        else:
            self.generic_visit(node)

    def _add(self, path: str, node: ast.AST) -> None:
        """Add one dotted name: as far as it is a name of MLRun's."""
        for owner in ("context.logger", "context", "DataItem"):
            if path.startswith(owner + "."):
                name = path[len(owner) + 1 :].partition(".")[0]
                # A variable of that name may be a data frame elsewhere.
                if owner != "DataItem" or name in {
                    *self._has[owner],
                    *self._stand_in.DATA_ITEM_LACKS,
                }:
                    self._note(f"{owner}.{name}", name in self._has[owner], node)
                return
        if not path.startswith("mlrun"):
            return
        module, _, rest = path.partition(".")
        while rest:
            name, _, rest = rest.partition(".")
            if self._stand_in.names(f"{module}.{name}") is not None:
                module = f"{module}.{name}"
                continue
            have = name in self._stand_in.names(module)
            if name != "*":
                self._note(f"{module}.{name}" if have else path, have, node)
                return
        self._note(module, True, node)

    def _note(self, name: str, have: bool, node: ast.AST) -> None:
        self.found.setdefault((name, have), getattr(node, "lineno", 0))


def _is_mlrun(node: ast.ImportFrom) -> bool:
    return not node.level and (node.module or "").partition(".")[0] == "mlrun"


def _print(rows: list[tuple[str, str, str]]) -> None:
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    for row in rows:
        print("   ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def _stop(status: int, problem: str) -> NoReturn:
    print(f"launcher: {problem}", file=sys.stderr)
    sys.exit(status)


_main(sys.argv)
