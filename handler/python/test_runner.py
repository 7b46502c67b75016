"""The runner's methods of classes, its code from MLRun's variable, its inputs."""

import base64
import os
import textwrap
import unittest

from test_launcher_context import CANARY, RUNNER, SOURCE, STAND_IN, Subprocess, document

MODEL = """
    class Model:
        def __init__(self, context, bucket, region="eu"):
            self.where = "%s/%s/%s" % (context.name, bucket, region)
        def train(self, context, db_name):
            print(self.where, db_name, context.get_secret("DB_PASSWORD"))
        async def waits(self): print("awaited")
        @staticmethod
        def still(db_name): print("static", db_name)
        value = 1
        def _private(self): pass
    class Plain:
        def train(self, **rest): print(sorted(rest))
    class Any:
        def __init__(self, **kwargs): self.kwargs = sorted(kwargs)
        def train(self): print(self.kwargs)
    def function(): pass
"""


class Methods(Subprocess):
    def method(self, name, **parameters):
        spec = {"parameters": {"db_name": "sales", **parameters}}
        return self.handler(MODEL, name, document(spec=spec))

    def test_of_an_instance_that_is_made_as_mlrun_makes_it(self):
        for name, args, printed in (
            ("Model::train", {"bucket": "b"}, "train/b/eu sales %s" % CANARY),
            ("Model::train", {"bucket": "b", "region": "us"}, "train/b/us sales %s" % CANARY),
            ("Model::waits", {"bucket": "b"}, "awaited"),
            ("Model::still", {"bucket": "b"}, "static sales"),
            ("Plain::train", {}, "['_init_args', 'db_name']"),
            ("Any::train", {"x": 1}, "['context', 'x']"),
        ):
            with self.subTest(name):
                self.assertPrints(self.method(name, _init_args=args), printed + "\n")
        self.assertPrints(self.method("Plain::train"), "['db_name']\n")

    def test_what_the_class_does_not_take_is_named(self):
        for args, problem in (
            ({}, "missing a required argument: 'bucket'"),
            ({"bucket": 1, "other": CANARY}, "got an unexpected keyword argument 'other'"),
        ):
            self.assertFails(
                self.method("Model::train", _init_args=args),
                "TypeError: handler.py: Model(): %s: its arguments are those in the parameter "
                "_init_args\n" % problem,
            )
        process = self.method("Model::train", _init_args=[1])
        self.assertIn(b"the parameter _init_args is not a JSON object", process.stderr)

    def test_that_is_not_there(self):
        for name, problem in (
            ("Model::none", 'handler.py: class Model has no method "none"\nhint: use one of still, train, waits'),
            ("Model::value", 'handler.py: class Model has no method "value"\nhint: use one of still, train, waits'),
            ("None::train", 'handler.py has no class "None"\nhint: use one of Any, Model, Plain'),
            ("function::train", 'handler.py has no class "function"\nhint: use one of Any, Model, Plain'),
        ):
            process = self.method(name, _init_args={"bucket": "b"})
            self.assertFails(process, "launcher: %s\n" % problem, 127)


class Code(Subprocess):
    def code(self, text, function="handler"):
        source = base64.b64encode(textwrap.dedent(text).encode()).decode()
        args = ["-c", RUNNER, SOURCE, STAND_IN, "", function]
        return self.start(args, document(), cwd=self.folder, env={"MLRUN_EXEC_CODE": source})

    def test_runs_in_memory_as_main_py(self):
        self.write("sibling.py", "value = 'sibling'")
        process = self.code(
            """
            import inspect, os, sys
            import sibling
            def handler(context, db_name):
                print(db_name, sibling.value, __name__, os.path.basename(__file__), sys.argv == [__file__])
                assert "MLRUN_EXEC_CODE" not in os.environ
                assert inspect.getsource(other) == "def other(): pass\\n"
            def other(): pass
            """
        )
        self.assertPrints(process, "sales sibling main main.py True\n")
        self.assertEqual(os.listdir(self.folder), ["sibling.py"])

    def test_a_traceback_shows_its_lines(self):
        for wrong in (False, True):
            if wrong:  # what is on disk under that name is another text
                self.write("main.py", "wrong = 1\nwrong = 2\n" * 9)
            process = self.code("def handler():\n    raise ValueError('luck')\n")
            self.assertEqual(process.returncode, 1)
            lines = process.stderr.decode().splitlines()
            self.assertEqual(lines[1], '  File "%s/main.py", line 2, in handler' % self.folder)
            self.assertEqual(lines[2], "    raise ValueError('luck')")
            self.assertEqual(lines[-1], "ValueError: luck")

    def test_without_a_function_is_a_script(self):
        process = self.code(
            """
            import sys, __main__
            from launcher_context import get_context
            assert __name__ == "__main__" and __main__.__dict__ is globals()
            context = get_context()
            if __name__ == "__main__":
                print(context.get_secret("DB_PASSWORD"), context.get_param("db_name"))
                sys.exit(3)
            """,
            "",
        )
        self.assertFails(process, "", 3)
        self.assertEqual(process.stdout.decode(), CANARY + " sales\n")

    def test_a_function_that_is_not_there(self):
        process = self.code("x = 1", "handler")
        self.assertFails(
            process,
            'launcher: main.py has no function "handler"\nhint: define a public function\n',
            127,
        )


class Signatures(Subprocess):
    def test_of_a_plain_function_needs_no_inspect(self):
        process = self.handler(
            """
            import sys
            def handler(db_name, /, context, rate=1, *rest, size, mode="m", **more):
                local = sorted(more)
                print(db_name, context.name, rate, rest, size, mode, local, "inspect" in sys.modules)
            """,
            data=document(spec={"parameters": {"db_name": "sales", "size": 2, "rest": 3}}),
        )
        self.assertPrints(process, "sales train 1 () 2 m ['rest'] False\n")

    def test_of_others_is_that_of_inspect_whatever_is_beside_the_handler(self):
        for name in ("inspect.py", "token.py", "ast.py"):
            self.write(name, "value = 1")
        process = self.handler(
            """
            import functools
            def wrap(function):
                @functools.wraps(function)
                def inner(*args, **kwargs): return function(*args, **kwargs)
                return inner
            @wrap
            def handler(context, db_name, rate=1): print(db_name, rate)
            """
        )
        self.assertPrints(process, "sales 0.5\n")


class TakenInputs(Subprocess):
    def test_are_paths_and_only_those_that_are_taken(self):
        spec = {"inputs": {"infile": "file:///data/x.csv", "far": "s3://bucket/far"}}
        text = "def handler(context, infile): print(infile, infile.local(), context.inputs['far'])"
        process = self.handler(text, data=document(spec=spec))
        self.assertPrints(process, "/data/x.csv /data/x.csv s3://bucket/far\n")
        for signature in ("far", "**rest"):
            process = self.handler("def handler(%s): pass" % signature, data=document(spec=spec))
            self.assertFails(
                process,
                'RuntimeError: input "far" is s3://bucket/far, which launcher does not fetch: '
                "mount it, or read its address from context.inputs\n",
            )


if __name__ == "__main__":
    unittest.main()
