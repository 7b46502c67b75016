"""What a handler and its author can count on in launcher_context.py.

The reading of a context is tested in this process, on a module loaded afresh
for each test; the runner as the launcher starts it, ``python3 -c SOURCE``.
"""

import ast
import base64
import contextlib
import copy
import importlib.util
import io
import json
import os
import pickle
import re
import subprocess
import sys
import tempfile
import textwrap
import threading
import traceback
import unittest
from unittest import mock

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "launcher_context.py")
with open(PATH, encoding="ascii") as source_file:  # ASCII: no locale can spoil "-c"
    SOURCE = source_file.read()
with open(os.path.join(os.path.dirname(PATH), "runner.py"), encoding="ascii") as source_file:
    RUNNER = source_file.read()
with open(os.path.join(os.path.dirname(PATH), "mlrun_stand_in.py"), encoding="ascii") as source_file:
    STAND_IN = source_file.read()

CANARY = "canary-5up3r-53cr3t"
NOT_UTF8 = b"\xff\xfe\x00key\x80"
HOSTILE = {
    "NUL": "a\x00b",
    "EMOJI": "pa\U0001f511ss \u00e9 \u2028",
    "EMPTY": "",
    "BLANKS": "  two \t\r\n\n",
    "QUOTES": "'\"\\`$HOME ${X} $(id) %s {0}",
    "LIKE_JSON": '{"version": 2}',
    "BIG": "0123456789abcdef" * 65536,
}


def document(**sections):
    """Return a context's JSON; sections override what every context has."""
    base = {
        "version": 1,
        "metadata": {
            "name": "train",
            "uid": "4a1c",
            "project": "fraud",
            "iteration": 3,
            "labels": {"kind": "job"},
            "annotations": {"note": "x"},
        },
        "spec": {
            "handler": "test_function",
            "parameters": {"db_name": "sales", "rate": 0.5, "none": None},
            "inputs": {"infile": "s3://bucket/infile.txt"},
            "output_path": "/out",
        },
        "secrets": {"DB_PASSWORD": CANARY},
    }
    base.update(sections)
    return json.dumps(base).encode()


def environment(**variables):
    """Return this process's environment with variables, and no other context."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LAUNCHER_", "PYTHON"))}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", **variables}


class InProcess(unittest.TestCase):
    """A module of its own for each test, since a process has one context."""

    def load(self):
        spec = importlib.util.spec_from_file_location("launcher_context", PATH)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def descriptor(self, data):
        file = tempfile.TemporaryFile()
        self.addCleanup(file.close)
        file.write(data)
        file.flush()
        return file.fileno()

    def environ(self, **variables):
        patch = mock.patch.dict(os.environ, environment(**variables), clear=True)
        patch.start()
        self.addCleanup(patch.stop)

    def context(self, data=None, **sections):
        if data is None:
            data = document(**sections)
        self.environ(LAUNCHER_CONTEXT="fd:%d" % self.descriptor(data))
        return self.load().get_context()

    def refusal(self, data):
        """Return the message of a context that cannot be read, held to leak nothing."""
        with self.assertRaises(RuntimeError) as caught:
            self.context(data)
        self.assertNotIn(CANARY, "".join(traceback.format_exception(None, caught.exception, None)))
        self.assertIsNone(caught.exception.__cause__)
        self.assertIsNone(caught.exception.__context__, "a hidden cause may hold the text")
        return str(caught.exception)


class Attributes(InProcess):
    def test_are_mlruns(self):
        context = self.context()
        self.assertEqual(context.name, "train")
        self.assertEqual(context.uid, "4a1c")
        self.assertEqual(context.project, "fraud")
        self.assertEqual(context.iteration, 3)
        self.assertEqual(context.labels, {"kind": "job"})
        self.assertEqual(context.annotations, {"note": "x"})
        self.assertEqual(context.parameters["db_name"], "sales")
        self.assertEqual(context.inputs, {"infile": "s3://bucket/infile.txt"})
        self.assertEqual(context.out_path, "/out")
        self.assertEqual(context.metadata["uid"], "4a1c")
        self.assertEqual(context.spec["handler"], "test_function")

    def test_are_empty_where_the_task_is(self):
        for data in (
            b'{"version": 1}',
            b'{"version": 1, "metadata": null, "spec": {"inputs": null}}',
        ):
            context = self.context(data)
            self.assertEqual((context.name, context.uid, context.project), ("", "", ""))
            self.assertEqual((context.iteration, context.out_path), (0, ""))
            self.assertEqual((context.labels, context.annotations), ({}, {}))
            self.assertEqual((context.parameters, context.inputs), ({}, {}))
            self.assertIsNone(context.get_secret("ANY_KEY_AT_ALL"))

    def test_get_param(self):
        context = self.context()
        self.assertEqual(context.get_param("rate"), 0.5)
        self.assertIsNone(context.get_param("none", "default"))
        self.assertIsNone(context.get_param("missing"))
        self.assertEqual(context.get_param("missing", 7), 7)
        self.assertEqual(context.get_param("missing"), 7)
        self.assertEqual(context.get_param("missing", 8), 7)
        self.assertNotIn("missing", context.parameters)

    def test_a_copy_without_the_stand_in_says_what_is_missing(self):
        context = self.context()
        with mock.patch.dict(sys.modules, {"mlrun_stand_in": None}):
            with self.assertRaisesRegex(AttributeError, 'context has no "log_result": .*mlrun_stand_in.py'):
                context.log_result
            with self.assertRaisesRegex(AttributeError, 'input has no "as_df": .*mlrun_stand_in.py'):
                context.get_input("/x").as_df
            self.assertFalse(hasattr(context, "log_result"))


class Secrets(InProcess):
    def test_hostile_values_arrive_whole(self):
        context = self.context(secrets=HOSTILE)
        for key, value in HOSTILE.items():
            self.assertEqual(context.get_secret(key, "default"), value, key)

    def test_not_utf8_is_bytes(self):
        context = self.context(
            secrets_base64={
                "KEYSTORE": base64.b64encode(NOT_UTF8).decode(),
                "TEXT": base64.b64encode("\u00e9".encode()).decode(),
                "NONE": "",
            }
        )
        self.assertEqual(context.get_secret("KEYSTORE"), NOT_UTF8)
        self.assertEqual(context.get_secret("keystore"), NOT_UTF8)
        self.assertEqual(context.get_secret("TEXT"), "\u00e9")
        self.assertEqual(context.get_secret("NONE", "default"), "")

    def test_case_dash_and_dot_are_folded(self):
        context = self.context(secrets={"PASSWORD": "1", "MY-AZURE-SECRET": "2", "a.b_C": "3"})
        found = [context.get_secret(key) for key in ("password", "MY_AZURE_SECRET", "A_B-c")]
        self.assertEqual(found, ["1", "2", "3"])

    def test_exact_beats_folded_and_two_that_fit_are_none(self):
        context = self.context(secrets={"a-b": "dash", "A.B": "dot"})
        self.assertEqual(context.get_secret("a-b"), "dash")
        self.assertEqual(context.get_secret("A.B"), "dot")
        self.assertIsNone(context.get_secret("a_b"))
        self.assertEqual(context.get_secret("A_B", "default"), "default")
        os.environ["A_B"] = "variable"
        self.assertEqual(context.get_secret("A_B"), "variable")

    def test_only_ascii_is_folded(self):
        context = self.context(secrets={"KEY": "1", "STRASSE": "2", "\u00c9": "3"})
        for key in ("\u212aEY", "stra\u00dfe", "\u00e9"):  # a Kelvin sign, sharp s, e acute
            self.assertIsNone(context.get_secret(key))

    def test_then_the_variable_of_exactly_that_name(self):
        context = self.context(secrets={"DB": "secret"})
        os.environ.update(OTHER="variable", db="never", EMPTY="")
        os.environb[b"RAW"] = NOT_UTF8.replace(b"\x00", b"")
        self.assertEqual(context.get_secret("OTHER"), "variable")
        self.assertIsNone(context.get_secret("other"))
        self.assertEqual(context.get_secret("db"), "secret")
        self.assertEqual(context.get_secret("EMPTY", "default"), "")
        self.assertEqual(context.get_secret("RAW"), b"\xff\xfekey\x80")

    def test_odd_keys_are_missing(self):
        context = self.context(secrets={"": "nameless"})
        self.assertEqual(context.get_secret(""), "nameless")
        for key in ("a\x00b", "a=b", "\ud800", "../x", "x" * 100000):
            self.assertEqual(context.get_secret(key, 1), 1)
        with self.assertRaisesRegex(TypeError, "key is a str, not NoneType"):
            context.get_secret(None)

    def test_are_not_shown(self):
        context = self.context()
        self.assertEqual(repr(context), "<Context name='train' project='fraud'>")
        shown = [repr(context), str(context), repr(vars(context)), repr(dir(context))]
        shown += ["%s" % value for value in vars(context).values()]
        self.assertNotIn(CANARY, " ".join(shown))
        for leak in (pickle.dumps, copy.copy, copy.deepcopy):
            with self.assertRaisesRegex(TypeError, "holds secrets"):
                leak(context)


class Reading(InProcess):
    def test_gives_one_object_to_every_caller(self):
        self.environ(LAUNCHER_CONTEXT="fd:%d" % self.descriptor(document()))
        module = self.load()
        found = [module.get_context()]
        thread = threading.Thread(target=lambda: found.append(module.get_context()))
        thread.start()
        thread.join()
        self.assertEqual([each is found[0] for each in found], [True, True])

    def test_only_one_thread_reads(self):
        module = self.load()
        others = []

        def read(where):
            take = threading.Thread(target=lambda: others.append(module._lock.acquire(False)))
            take.start()
            take.join()
            return document()

        with mock.patch.object(module, "_read", read):
            module.get_context()
        self.assertEqual(others, [False])

    def test_a_descriptor_can_be_read_again(self):
        fd = self.descriptor(document(secrets={"BIG": HOSTILE["BIG"] * 3}))
        before = os.lseek(fd, 5, os.SEEK_SET)
        self.environ(LAUNCHER_CONTEXT="fd:%d" % fd)
        for _ in range(2):
            self.assertEqual(self.load().get_context().get_secret("BIG"), HOSTILE["BIG"] * 3)
        self.assertEqual(os.lseek(fd, 0, os.SEEK_CUR), before)

    def test_a_descriptor_that_is_not_there(self):
        fd = os.dup(0)
        os.close(fd)
        self.environ(LAUNCHER_CONTEXT="fd:%d" % fd)
        with self.assertRaisesRegex(RuntimeError, "fd:%d cannot be read: .*--deliver files or socket" % fd):
            self.load().get_context()
        self.environ(LAUNCHER_CONTEXT="fd:99999999999999999999")
        with self.assertRaisesRegex(RuntimeError, "cannot be read"):
            self.load().get_context()

    def test_from_the_environment(self):
        secrets = {k: v for k, v in HOSTILE.items() if k not in ("NUL", "BIG")}
        names = {"dashed-key.x": "dashed_key_x", "RAW": "RAW"}
        rest = document(secrets=None, secrets_env=dict({k: k for k in secrets}, **names))
        self.environ(LAUNCHER_CONTEXT="env", LAUNCHER_CONTEXT_JSON=rest.decode(), **secrets)
        os.environb[b"RAW"] = b"\xff\xfe\x80"
        os.environb[b"dashed_key_x"] = "\u00e9".encode()
        context = self.load().get_context()
        for key, value in secrets.items():
            self.assertEqual(context.get_secret(key, "default"), value, key)
        self.assertEqual(context.get_secret("RAW"), b"\xff\xfe\x80")
        self.assertEqual(context.get_secret("dashed-key.x"), "\u00e9")
        self.assertEqual(context.get_secret("DASHED_KEY_X"), "\u00e9")
        self.assertEqual(context.name, "train")

    def test_a_variable_that_is_gone_stops_the_start(self):
        rest = document(secrets={}, secrets_env={"A": "GONE"})
        self.environ(LAUNCHER_CONTEXT="env", LAUNCHER_CONTEXT_JSON=rest.decode())
        with self.assertRaisesRegex(RuntimeError, 'secrets_env has no value for "A"'):
            self.load().get_context()
        self.environ(LAUNCHER_CONTEXT="env")
        with self.assertRaisesRegex(RuntimeError, "LAUNCHER_CONTEXT_JSON is not set"):
            self.load().get_context()

    def test_not_started_by_the_launcher(self):
        self.environ()
        for _ in range(2):
            with self.assertRaises(RuntimeError) as caught:
                self.load().get_context()
            self.assertEqual(
                str(caught.exception),
                'LAUNCHER_CONTEXT is not set: start this program with "launcher run"',
            )
            os.environ["LAUNCHER_CONTEXT"] = ""

    def test_what_is_no_delivery(self):
        for where in (
            "files:",
            "unix:",
            "unix",
            "fd:",
            "fd:x",
            "fd:-1",
            "stdin:",
            "?",
        ):
            self.environ(LAUNCHER_CONTEXT=where)
            with self.assertRaisesRegex(
                RuntimeError, 'unsupported delivery "%s" in LAUNCHER_CONTEXT' % re.escape(where.split(":")[0])
            ):
                self.load().get_context()

    def test_what_is_not_a_context_is_refused_without_a_value(self):
        whole = document()
        for data in (
            whole[:-1],
            whole + b"}",
            whole.replace(b"canary", b"canary\xff"),
            whole.decode().encode("utf-16"),
            b"[" * 100000,
            json.dumps([CANARY]).encode(),
            json.dumps(CANARY).encode(),
            b"null",
        ):
            self.assertRegex(self.refusal(data), "not a JSON object in UTF-8|holds no context")
        self.assertIn("empty", self.refusal(b""))

    def test_another_version_is_refused(self):
        for version in (2, 0, "1", None, CANARY, {"a": CANARY}):
            self.assertIn("launcher_context.py reads version 1", self.refusal(document(version=version)))

    def test_a_section_of_another_type_is_refused(self):
        for name in ("metadata", "spec", "secrets", "secrets_base64", "secrets_env"):
            for value in ([CANARY], CANARY, 1, False):
                message = self.refusal(document(**{name: value}))
                self.assertIn('"%s" is not a JSON object' % name, message)

    def test_a_secret_that_is_not_text_is_refused(self):
        for value in (1, None, [CANARY], {"k": CANARY}):
            self.assertIn('no value for "K"', self.refusal(document(secrets={"K": value})))
        for value in ("%%%" + CANARY, "YQ", "YQ==YQ==", "\u00e9", "YQ==\n"):
            message = self.refusal(document(secrets_base64={"K": value}))
            self.assertIn('secrets_base64 has no value for "K"', message)


class Logging(InProcess):
    def logged(self, write, level=None):
        context = self.context(spec={"log_level": level} if level else {})
        stderr = io.StringIO()
        with contextlib.redirect_stderr(stderr):
            write(context.logger)
        return stderr.getvalue()

    def test_a_line_is_mlruns(self):
        line = self.logged(lambda log: log.info("running function", key="value", n=1))
        stamp = r"> \d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[info\] "
        self.assertRegex(line, "^" + stamp + r'running function \{"key": "value", "n": 1\}\n$')

    def test_a_line_is_written_at_once(self):
        stderr = mock.Mock()
        with mock.patch.object(sys, "stderr", stderr):
            self.context().logger.info("one", key="value")
        self.assertEqual([call[0] for call in stderr.method_calls], ["write", "flush"])

    def test_levels(self):
        def write(log):
            for name in ("debug", "info", "warning", "warn", "error", "critical"):
                getattr(log, name)("m")

        for level, names in {
            "debug": "debug info warning warning error critical",
            "WARNING": "warning warning error critical",
            "critical": "critical",
            None: "info warning warning error critical",
            "unknown": "info warning warning error critical",
        }.items():
            found = re.findall(r"\[(\w+)\] m\n", self.logged(write, level))
            self.assertEqual(" ".join(found), names, level)

    def test_arguments_are_put_in(self):
        text = self.logged(lambda log: log.info("%s of %d", "one", 2))
        self.assertTrue(text.endswith("[info] one of 2\n"))
        text = self.logged(lambda log: log.info("%(a)s", {"a": 1}))
        self.assertTrue(text.endswith("[info] 1\n"))
        text = self.logged(lambda log: log.info("100% {x}\n"))
        self.assertTrue(text.endswith("[info] 100% {x}\n"))

    def test_nothing_that_is_logged_raises(self):
        class Bad:
            def __repr__(self):
                raise ValueError

        loop = {}
        loop["loop"] = loop

        def write(log):
            log.info("%d", "x")
            log.info("loop", loop=loop)
            log.info("set", value={1, 2}, level="x", args=3)
            log.info("bad", value=Bad())
            log.info(Bad())
            log.info("last \ud800", context=self.context())

        text = self.logged(write)
        self.assertIn("[info] %d ('x',)", text)
        self.assertIn("[info] loop () {'loop'", text)
        self.assertIn('"{1, 2}"', text)
        self.assertIn("[info] last", text)
        self.assertNotIn(CANARY, text)
        closed = io.StringIO()
        closed.close()
        for stderr in (None, closed):
            with mock.patch.object(sys, "stderr", stderr):
                self.context().logger.info("to nobody")

    def test_an_exception_is_logged_with_its_traceback(self):
        def write(log):
            try:
                raise KeyError("boom")
            except KeyError:
                log.exception("in")
                log.error("by flag", exc_info=True)
            log.error("by value", exc_info=error_of)
            log.exception("outside")

        error_of = ValueError("kept")
        first, second, third, fourth = self.logged(write).splitlines()
        for line, error in ((first, "KeyError: 'boom'"), (second, "KeyError: 'boom'")):
            self.assertIn("[error]", line)
            lines = json.loads(line[line.index("{") :])["exc_info"]
            self.assertEqual(lines[-1], error + "\n")
        self.assertIn("ValueError: kept", third)
        self.assertTrue(fourth.endswith("[error] outside"))


class Subprocess(unittest.TestCase):
    """The module in a process of its own: in a script, and as the runner."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(text))
        return path

    def start(self, args, data, **options):
        variables = dict({"LAUNCHER_CONTEXT": "stdin"}, **options.pop("env", {}))
        options.setdefault("stdout", subprocess.PIPE)
        return subprocess.run(
            [sys.executable] + args,
            input=data,
            stderr=subprocess.PIPE,
            env=environment(**variables),
            timeout=60,
            **options,
        )

    def script(self, text, data=None, **options):
        data = document() if data is None else data
        path = self.write("script.py", text)
        options["env"] = dict({"PYTHONPATH": os.path.dirname(PATH)}, **options.get("env", {}))
        return self.start([path], data, **options)

    def handler(self, text, function="handler", data=None, name="handler.py", **options):
        """Run function of a file with text, as the launcher does."""
        path = self.write(name, text)
        options.setdefault("cwd", self.folder)
        data = document() if data is None else data
        return self.start(["-c", RUNNER, SOURCE, STAND_IN, path, function], data, **options)

    def assertPrints(self, process, text):
        self.assertEqual(process.stderr.decode(), "")
        self.assertEqual(process.returncode, 0)
        self.assertEqual(process.stdout.decode(), text)

    def assertFails(self, process, text, status=1):
        self.assertEqual(process.returncode, status, process.stderr.decode())
        self.assertEqual(process.stderr.decode(), text)
        self.assertNotIn(CANARY, text)


class Scripts(Subprocess):
    READ = """
        from launcher_context import get_context
        context = get_context()
        assert get_context() is context
        import sys
        sys.stdout.buffer.write(context.get_secret("BIG").encode())
        assert sys.stdin.read() == ""
    """

    def test_read_standard_input_once(self):
        process = self.script(self.READ, document(secrets=HOSTILE))
        self.assertPrints(process, HOSTILE["BIG"])

    def test_a_second_process_is_told_that_it_was_read(self):
        process = self.script(
            """
            import subprocess, sys
            from launcher_context import get_context
            get_context()
            sys.exit(subprocess.call([sys.executable, "-c",
                "from launcher_context import get_context; get_context()"]))
            """
        )
        self.assertEqual(process.returncode, 1)
        last = process.stderr.decode().splitlines()[-1]
        self.assertIn("it was already read, by this process or another", last)
        self.assertIn("--deliver files or socket", last)

    def test_read_the_descriptor_and_not_sys_stdin(self):
        process = self.script(
            """
            import sys
            sys.stdin = None
            from launcher_context import get_context
            print(get_context().name)
            """
        )
        self.assertPrints(process, "train\n")

    def test_standard_input_that_is_closed(self):
        process = self.script("import os; os.close(0)\n" + textwrap.dedent(self.READ))
        self.assertEqual(process.returncode, 1)
        self.assertIn("context on stdin cannot be read", process.stderr.decode())

    def test_values_are_bytes_in_every_locale(self):
        rest = {"version": 1, "metadata": {"name": "\u00e9"}, "secrets_env": {"E": "E"}}
        process = self.script(
            """
            from launcher_context import get_context
            context = get_context()
            assert context.get_secret("E") == context.name == "\\u00e9"
            assert context.get_secret("\\u00e9") == "\\u00e9"
            """,
            env={
                "LAUNCHER_CONTEXT": "env",
                "LAUNCHER_CONTEXT_JSON": json.dumps(rest, ensure_ascii=False),
                "E": "\u00e9",
                "\u00e9": "\u00e9",
                "LC_ALL": "POSIX",
                "PYTHONCOERCECLOCALE": "0",
                "PYTHONUTF8": "0",
            },
        )
        self.assertPrints(process, "")

    def test_nothing_heavy_is_imported(self):
        heavy = ["asyncio", "copy", "importlib.util", "inspect", "logging", "threading"]
        heavy += ["traceback", "typing"]
        check = "import sys; import launcher_context; print([m for m in %r if m in sys.modules])"
        process = self.start(
            ["-S", "-c", check % heavy], b"", env={"PYTHONPATH": os.path.dirname(PATH)}
        )
        self.assertPrints(process, "[]\n")


class Runner(Subprocess):
    def test_calls_the_documented_handler(self):
        process = self.handler(
            """
            def test_function(context, db_name):
                context.logger.info("running function")
                print(db_name, context.get_secret("DB_PASSWORD"))
            """,
            "test_function",
        )
        self.assertEqual(process.returncode, 0)
        self.assertEqual(process.stdout.decode(), "sales %s\n" % CANARY)
        self.assertRegex(process.stderr.decode(), r"^> .{23} \[info\] running function\n$")

    def test_passes_arguments_as_mlrun_does(self):
        shared = {"parameters": {"p": [1], "both": "p", "more": 2, "context": 3}}
        shared["inputs"] = {"i": "file:///i", "both": "i", "left": "l"}
        for signature, shown, expected in (
            ("context, p", "p", "[1]"),
            ("p, context", "p, context.name", "[1] train"),
            ("i, both", "i, both", "/i p"),
            ("context, /, p, *args, d=7", "context.name, p, args, d", "train [1] () 7"),
            ("a=1, /, p=2, *, more", "a, p, more", "1 [1] 2"),
            ("context, p, i, **rest", "sorted(rest.items())",
             "[('both', 'p'), ('left', 'l'), ('more', 2)]"),
            ("", "'none'", "none"),
            ("context=None, d=None", "context.name, d", "train None"),
            ("context: 'NoSuchType', p: int", "p", "[1]"),
        ):  # fmt: skip
            process = self.handler(
                "def handler(%s): print(%s)" % (signature, shown), data=document(spec=shared)
            )
            with self.subTest(signature):
                self.assertPrints(process, expected + "\n")

    def test_an_argument_is_the_handlers_own(self):
        spec = {"parameters": {"p": [1]}}
        text = "def handler(context, p): p.append(2); print(context.parameters['p'])"
        self.assertPrints(self.handler(text, data=document(spec=spec)), "[1]\n")

    def test_calls_whatever_can_be_called(self):
        process = self.handler(
            """
            import functools
            def decorate(f):
                @functools.wraps(f)
                def wrapper(*args, **kwargs):
                    print("decorated", end=" ")
                    return f(*args, **kwargs)
                return wrapper
            @decorate
            def plain(context, db_name): print(context.name, db_name)
            class Callable:
                def __call__(self, db_name, context): plain(context, db_name)
            handler = functools.partial(Callable())
            """
        )
        self.assertPrints(process, "decorated train sales\n")

    def test_missing_arguments_are_named_together(self):
        process = self.handler("def handler(ctx, db_name, other, d=1): pass")
        self.assertFails(
            process,
            'TypeError: handler.py: handler() needs "ctx", "other": not in the task\'s '
            'parameters or inputs (the context goes to one called "context")\n',
        )
        process = self.handler("def handler(context, other): pass")
        self.assertFails(
            process,
            'TypeError: handler.py: handler() needs "other": not in the task\'s parameters or '
            "inputs\n",
        )

    def test_awaits_an_async_function(self):
        text = """
            import asyncio
            async def handler(context, db_name):
                await asyncio.sleep(0)
                print(db_name)
                %s
        """
        self.assertPrints(self.handler(text % "return None"), "sales\n")
        self.assertEqual(self.handler(text % "raise SystemExit(9)").returncode, 9)
        process = self.handler(text % "raise KeyError(1)")
        self.assertEqual(process.returncode, 1)
        self.assertTrue(process.stderr.endswith(b"KeyError: 1\n"))

    def test_refuses_a_generator(self):
        for text in ("def handler(): yield 1", "async def handler(): yield 1"):
            error = "TypeError: handler.py: handler() is a generator, which is not supported\n"
            self.assertFails(self.handler(text), error)

    def test_a_false_value_that_the_function_returns_is_no_result(self):
        for value in ("False", "0", "''", "[]"):
            self.assertPrints(self.handler("def handler(): return %s" % value), "")

    def test_the_handler_imports_the_same_context(self):
        process = self.handler(
            """
            import sys
            from launcher_context import get_context
            import launcher_context
            early = get_context()
            def handler(context):
                assert get_context() is early is context is launcher_context.get_context()
                assert type(context).__module__ == "launcher_context"
                assert sys.stdin.read() == ""
            """
        )
        self.assertPrints(process, "")

    def test_the_file_is_a_module_of_its_own(self):
        self.write("app/sibling.py", "value = 'sibling'")
        process = self.handler(
            """
            import dataclasses, os, pickle, sys
            import sibling
            assert __name__ == "job" and sys.modules["job"].__file__ == __file__
            assert os.path.isabs(__file__) and __spec__.name == "job"
            assert sys.path[0] == os.path.dirname(os.path.realpath(__file__))
            assert "" not in sys.path
            @dataclasses.dataclass
            class Point:
                x: "int" = 1
            def handler(context):
                assert Point.__annotations__ == {"x": "int"}
                assert pickle.loads(pickle.dumps(Point(3))) == Point(3)
                assert handler.__annotations__ == {}
                print(sys.argv, sibling.value)
            def annotated(x: 1 + 1 = 0): pass
            assert annotated.__annotations__ == {"x": 2}, "the runner's __future__ leaked"
            """,
            name="app/job.py",
        )
        self.assertPrints(process, "['%s/app/job.py'] sibling\n" % self.folder)
        self.assertEqual(sorted(os.listdir(self.folder + "/app")), ["job.py", "sibling.py"])

    def test_a_relative_path_and_a_link_work(self):
        self.write("real/handler.py", "import sibling\ndef handler(): print(sibling.value)")
        self.write("real/sibling.py", "value = 'by link'")
        os.symlink("real/handler.py", self.folder + "/linked.py")
        process = self.start(["-c", RUNNER, SOURCE, STAND_IN, "linked.py", "handler"], document(), cwd=self.folder)
        self.assertPrints(process, "by link\n")

    def test_the_working_directory_is_not_imported_from(self):
        for name in ("json", "binascii", "inspect", "copy", "importlib/util"):
            self.write(name + ".py", "raise SystemExit('imported from the working directory')")
        process = self.handler("def handler(): print('fine')", name="app/handler.py")
        self.assertPrints(process, "fine\n")

    def test_the_context_is_read_before_the_file(self):
        process = self.handler("print('loaded')", data=b"")
        self.assertEqual(process.returncode, 1)
        self.assertEqual(process.stdout, b"")
        self.assertRegex(
            process.stderr.decode(), r"^RuntimeError: standard input holds no context: .*\n$"
        )

    def test_a_function_that_is_not_there(self):
        process = self.handler(
            """
            from os.path import join
            import json
            value = 1
            class Class: pass
            def _private(): pass
            async def second(): pass
            def first(): pass
            """,
            "value",
        )
        self.assertFails(
            process,
            'launcher: handler.py has no function "value"\nhint: use one of first, second\n',
            127,
        )
        process = self.handler("", "a\n\u00e9")
        self.assertFails(
            process,
            'launcher: handler.py has no function "a\\n\\u00e9"\n'
            "hint: define a public function\n",
            127,
        )

    def test_a_file_that_is_not_there_or_cannot_be_read(self):
        for file, status, reason in (
            ("none.py", 127, "No such file or directory"),
            (".", 126, "Is a directory"),
        ):
            process = self.start(["-c", RUNNER, SOURCE, STAND_IN, file, "f"], document(), cwd=self.folder)
            self.assertFails(process, 'launcher: handler "%s": %s\n' % (file, reason), status)
        process = self.start(["-c", RUNNER], document())
        self.assertFails(
            process,
            "launcher: the Python runner takes MODULE STAND_IN FILE FUNCTION [--quiet]\n",
            125,
        )

    def test_a_traceback_begins_in_the_handler(self):
        process = self.handler(
            """\
            def inner():
                raise KeyError("cause")
            def handler(context):
                try:
                    inner()
                except KeyError as error:
                    raise ValueError("effect") from error
            """
        )
        self.assertEqual(process.returncode, 1)
        lines = [line for line in process.stderr.decode().splitlines() if set(line) - set(" ~^")]
        place = '  File "%s/handler.py", line ' % self.folder
        self.assertEqual(
            lines,
            [
                "Traceback (most recent call last):",
                place + "5, in handler",
                "    inner()",
                place + "2, in inner",
                '    raise KeyError("cause")',
                "KeyError: 'cause'",
                "The above exception was the direct cause of the following exception:",
                "Traceback (most recent call last):",
                place + "7, in handler",
                '    raise ValueError("effect") from error',
                "ValueError: effect",
            ],
        )

    def test_an_error_while_loading_is_pythons(self):
        process = self.handler("x = 1\nimport no_such_module\n")
        self.assertEqual(process.returncode, 1)
        lines = process.stderr.decode().splitlines()
        self.assertEqual(lines[1], '  File "%s/handler.py", line 2, in <module>' % self.folder)
        self.assertEqual(lines[-1], "ModuleNotFoundError: No module named 'no_such_module'")
        process = self.handler("def handler(:\n")
        self.assertEqual(process.returncode, 1)
        lines = process.stderr.decode().splitlines()
        self.assertEqual(lines[0], '  File "%s/handler.py", line 1' % self.folder)
        self.assertTrue(lines[-1].startswith("SyntaxError: "))

    def test_a_hook_of_the_handlers_own_sees_the_error(self):
        process = self.handler(
            """
            import sys
            def hook(kind, error, trace): print(kind.__name__, trace.tb_frame.f_code.co_name)
            sys.excepthook = hook
            def handler(): 1 / 0
            """
        )
        self.assertEqual(process.stdout, b"ZeroDivisionError handler\n")
        self.assertEqual(process.returncode, 1)

    def test_the_status_of_sys_exit(self):
        for code, status, text in (
            ("3", 3, ""),
            ("0", 0, ""),
            ("None", 0, ""),
            ("'text'", 1, "text\n"),
            ("256 + 7", 7, ""),
        ):
            self.assertFails(
                self.handler("import sys\ndef handler(): sys.exit(%s)" % code), text, status
            )
        self.assertFails(self.handler("raise SystemExit(4)"), "", 4)

    def test_an_interrupt_ends_it_by_the_signal(self):
        for statement in ("raise KeyboardInterrupt", "os.kill(os.getpid(), signal.SIGINT)"):
            text = "import os, signal\ndef handler():\n    %s\n    signal.pause()" % statement
            process = self.handler(text)
            self.assertEqual(process.returncode, -2)
            lines = process.stderr.decode().splitlines()
            self.assertIn("handler.py", lines[1])
            self.assertEqual(lines[-1], "KeyboardInterrupt")

    def test_what_was_printed_is_flushed(self):
        text = "import atexit\natexit.register(print, 'end')\ndef handler(): print('x' * 99999)"
        self.assertPrints(self.handler(text), "x" * 99999 + "\nend\n")

    def test_a_broken_standard_output_ends_as_in_python(self):
        reader, writer = os.pipe()
        os.close(reader)
        self.addCleanup(os.close, writer)
        process = self.handler("def handler(): print('x')", stdout=writer)
        self.assertEqual(process.returncode, 120)
        self.assertIn(b"BrokenPipeError", process.stderr)

    def test_the_other_deliveries(self):
        text = "def handler(context): print(context.get_secret('DB_PASSWORD'))"
        with tempfile.TemporaryFile() as file:
            file.write(document())
            file.flush()
            where = {"LAUNCHER_CONTEXT": "fd:%d" % file.fileno()}
            for _ in range(2):
                process = self.handler(text, data=b"", env=where, pass_fds=[file.fileno()])
                self.assertPrints(process, CANARY + "\n")
        rest = document(secrets={}, secrets_env={"DB_PASSWORD": "DB_PASSWORD"}).decode()
        where = {"LAUNCHER_CONTEXT": "env", "LAUNCHER_CONTEXT_JSON": rest, "DB_PASSWORD": CANARY}
        self.assertPrints(self.handler(text, data=b"", env=where), CANARY + "\n")


class Source(unittest.TestCase):
    def test_is_python_3_8_and_fits_an_argument(self):
        for source in (SOURCE, RUNNER, STAND_IN):
            tree = ast.parse(source, feature_version=(3, 8))
            self.assertLess(len(source), 64 << 10, "an argument holds 128 KiB")
            first = [type(node).__name__ for node in tree.body[:2]]
            self.assertEqual(first, ["Expr", "ImportFrom"], "annotations are not evaluated")
            self.assertEqual(tree.body[1].module, "__future__")
            self.assertImportsStandardLibrary(tree)

    def assertImportsStandardLibrary(self, tree):
        own = {"launcher_context", "mlrun_stand_in", "mlrun", "pandas", "yaml"}  # the last three if they are there
        names = {*own, *getattr(sys, "stdlib_module_names", ())}
        for node in ast.walk(tree) if len(names) > len(own) else ():
            imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                imported = [node.module or "launcher_context"]
            for name in imported:
                self.assertIn(name.split(".")[0], names)

    def test_every_function_is_typed(self):
        for node in ast.walk(ast.parse("\n".join([SOURCE, RUNNER, STAND_IN]).replace("from __future__ import annotations", ""))):
            if isinstance(node, ast.FunctionDef):
                self.assertIsNotNone(node.returns, node.name)


if __name__ == "__main__":
    unittest.main()
