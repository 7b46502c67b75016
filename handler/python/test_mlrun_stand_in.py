"""What a handler that was written for MLRun can count on without it."""

import ast
import json
import os
import unittest

from test_launcher_context import CANARY, STAND_IN, Subprocess, document


class StandIn(Subprocess):
    def setUp(self):
        super().setUp()
        self.out = os.path.join(self.folder, "out")

    def logs(self, text, status=0, spec=(), **sections):
        """Run a handler that logs, and return its results.json, or None."""
        data = document(spec=dict({"output_path": self.out}, **dict(spec)), **sections)
        self.process = self.handler(
            text, data=data, env={"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        )
        self.stderr = self.process.stderr.decode()
        self.assertEqual(self.process.returncode, status, self.stderr)
        self.assertNotIn(CANARY, self.stderr)
        path = os.path.join(self.out, "train", "3", "results.json")
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as file:
            return json.load(file)


class Modules(StandIn):
    def test_have_mlruns_names(self):
        self.logs(
            """
            import mlrun, mlrun.execution
            import mlrun.artifacts as artifacts
            from mlrun import DataItem, MLClientCtx, get_or_create_ctx
            from mlrun.datastore.base import DataItem as Item
            from mlrun.utils import logger
            def handler(context: mlrun.MLClientCtx, x: "DataItem" = None):
                assert isinstance(context, MLClientCtx) and isinstance(context, mlrun.execution.MLClientCtx)
                assert get_or_create_ctx("name") is context and Item is DataItem
                assert issubclass(mlrun.errors.MLRunInvalidArgumentError, ValueError)
                assert artifacts.PlotArtifact is mlrun.artifacts.plots.PlotArtifact
                class Mine(MLClientCtx): pass
                assert not isinstance(context, Mine) and not isinstance(1, DataItem)
                assert not hasattr(mlrun, "mlconf") and not hasattr(context, "get_project_object")
                logger.info("said")
            """
        )
        self.assertIn("[info] said", self.stderr)

    def test_what_is_missing_is_named(self):
        for text, error in (
            ("import mlrun; mlrun.code_to_function", "AttributeError: mlrun.code_to_function"),
            ("from mlrun import code_to_function", "ModuleNotFoundError: mlrun.code_to_function"),
            ("from mlrun.run import new_function", "ModuleNotFoundError: mlrun.run.new_function"),
            ("import mlrun.feature_store as f", "ModuleNotFoundError: mlrun.feature_store"),
            ("from mlrun.frameworks.sklearn import x", "ModuleNotFoundError: mlrun.frameworks"),
            ("context.get_project_object()", "AttributeError: context.get_project_object"),
            ("context.get_input('/x').put", "AttributeError: DataItem.put"),
            (
                "import mlrun; mlrun.get_or_create_ctx('x', spec={})",
                "NotImplementedError: mlrun.get_or_create_ctx with event or spec",
            ),
        ):
            self.logs("def handler(context):\n    %s\n" % text, status=1)
            last = self.stderr.splitlines()[-1]
            self.assertEqual(
                last, error + " needs MLRun itself: install it in the image, or remove the use"
            )

    def test_a_real_module_comes_first_and_a_mere_folder_does_not(self):
        self.write("mlrun/data.txt", "a folder is a module to Python")
        self.logs("import mlrun\ndef handler(): assert mlrun.DataItem")
        self.write("mlrun/__init__.py", "real = True\ndef get_secret_or_env(): pass\n")
        self.logs("import mlrun\ndef handler(): assert mlrun.real")
        self.assertIn("launcher: this MLRun is not connected to the task's secrets: ", self.stderr)
        self.assertIn("\nhint: ", self.stderr)

    def test_are_not_compiled_before_they_are_used(self):
        self.logs(
            """
            import sys
            def handler(context, infile: str, plain, other="x"):
                context.logger.info(context.get_param("a", 1))
                assert plain.local() == "/p" and "mlrun_stand_in" not in sys.modules
                context.set_label
                assert "mlrun_stand_in" in sys.modules
            """,
            spec={"inputs": {"infile": "/i", "plain": "/p", "other": "/o"}},
        )

    def test_serve_a_script_as_well(self):
        text = """
            import mlrun_stand_in
            import mlrun
            context = mlrun.get_or_create_ctx("script")
            context.log_result("a", 1)
            %s
        """
        for last, status, state in (("", 0, "completed"), ("raise ValueError(1)", 1, "error")):
            process = self.script(text % last, document(spec={"output_path": self.out}))
            self.assertEqual(process.returncode, status)
            with open(os.path.join(self.out, "train", "3", "results.json")) as file:
                self.assertEqual(json.load(file)["state"], state)


class Outputs(StandIn):
    def test_list_what_was_logged(self):
        document = self.logs(
            """
            def handler(context):
                context.log_result("accuracy", 0.5)
                context.log_results({"nan": float("nan"), "inf": float("-inf"), "odd": "\\ud800"})
                context.log_artifact("page", body="<b>", format="html", labels={"a": 1})
                context.set_label("kind", "test")
                context.set_annotation("note", "x")
            """
        )
        self.assertEqual(
            document,
            {
                "version": 1,
                "metadata": {
                    "name": "train",
                    "uid": "4a1c",
                    "project": "fraud",
                    "iteration": 3,
                    "labels": {"kind": "test"},
                    "annotations": {"note": "x"},
                },
                "state": "completed",
                "results": {"accuracy": 0.5, "nan": "NaN", "inf": "-Infinity", "odd": "\ud800"},
                "artifacts": [
                    {
                        "key": "page",
                        "kind": "artifact",
                        "path": "page.html",
                        "format": "html",
                        "labels": {"a": 1},
                    }
                ],
            },
        )
        self.assertEqual(self.stderr, "launcher: outputs: %s/train/3/results.json\n" % self.out)

    def test_go_elsewhere_if_the_output_path_is_not_local(self):
        text = "def handler(context): context.log_result('a', 1)"
        self.logs(
            text, spec={"output_path": "s3://user:%s@bucket/{{run.uid}}?sig=%s" % (CANARY, CANARY)}
        )
        where = os.path.join(self.folder, "outputs", "train", "3", "results.json")
        reason = "spec.output_path is s3://bucket/4a1c, which is not a local directory"
        self.assertEqual(self.stderr, "launcher: outputs: %s (%s)\n" % (where, reason))
        self.assertTrue(os.path.exists(where))
        self.logs(text, spec={"output_path": "file://%s/{{run.project}}/{{run.uid}}" % self.out})
        self.assertTrue(os.path.exists(self.out + "/fraud/4a1c/train/3/results.json"))

    def test_a_failed_handler_is_an_error_and_hides_its_text(self):
        for text, state, status in (
            ("raise ValueError('%s')" % "hidden", "error", 1),
            ("raise SystemExit(3)", "error", 3),
            ("raise SystemExit(0)", "completed", 0),
            (
                "import os\n    if os.fork() == 0: raise SystemExit(0)\n    os.wait()",
                "completed",
                0,
            ),
        ):
            got = self.logs(
                "def handler(context):\n    context.log_result('a', 1)\n    %s\n" % text, status
            )
            self.assertEqual((got["state"], got["results"]), (state, {"a": 1}))
            self.assertNotIn("hidden", json.dumps(got))
            self.assertEqual(self.stderr.count("launcher: outputs: "), 1)

    def test_are_written_while_the_handler_runs(self):
        text = "import os\ndef handler(context):\n    context.log_result('a', 1)\n    %s\n    os._exit(9)"
        for call in (
            "context.commit('half')",
            "context.log_artifact('x', body='b')",
            "context.log_result('b', 2, commit=True)",
        ):
            got = self.logs(text % call, 9)
            self.assertEqual((got["state"], got["results"]["a"]), ("running", 1))

    def test_refuse_what_is_outside_or_twice_or_malformed(self):
        os.symlink("/", os.path.join(self.folder, "link"))
        for call, error in (
            (
                'log_artifact("x", body="b", target_path="/etc/x")',
                'artifact "x": "/etc/x" is outside the outputs, ',
            ),
            ('log_artifact("x", body="b", artifact_path="../..")', "is outside the outputs, "),
            (
                'log_artifact("x", body="b", artifact_path="../link/tmp")',
                "is outside the outputs, ",
            ),
            (
                'log_artifact("x", local_path="s3://a/b")',
                'artifact "x": s3://a/b is not a local path',
            ),
            ('log_artifact("x", local_path="none.txt")', 'artifact "x": no file "none.txt"'),
            ('log_artifact("../x", body="b")', 'artifact "../x": a key is letters, digits, '),
            ('log_artifact(5, body="b")', 'artifact "5": a key is letters, digits, '),
            (
                'log_artifact("results", body="b", format="json")',
                "results.json is the launcher's own file",
            ),
            (
                'log_artifact("x", body={"a": 1})',
                'artifact "x": the body is dict: pass text or bytes',
            ),
            (
                'log_artifact("x", body="b"); context.log_artifact("x", body="b")',
                'artifact "x": an artifact of this key was logged before',
            ),
            ('log_model("m", body=b"b")', 'model "m": log_model needs model_file'),
            ('log_model("m", model_file="none.pkl")', 'model "m": no file "none.pkl"'),
            (
                'log_model("m", body=b"b", model_file="m", extra_data={"a": "../../x"})',
                'extra_data "a": ',
            ),
            ('log_dataset("d", df=[1])', 'dataset "d": list is not a data frame'),
            (
                'log_dataset("d", df=None, format="xlsx")',
                'dataset "d": the format "xlsx" is not csv',
            ),
            ("log_results([1])", "log_results takes a dictionary"),
            ("log_result('d', d)", 'result "d": the value is nested too deeply'),
        ):
            with self.subTest(call):
                self.logs("d = {}; d['d'] = d\ndef handler(context): context.%s" % call, 1)
                self.assertIn(error, self.stderr.splitlines()[-1])

    def test_a_failed_run_replaces_the_results_of_an_earlier_one(self):
        for text in ("def handler(x): pass", "def handler(): raise ValueError(1)", "import none"):
            self.logs("def handler(context): context.log_result('a', 1)")
            document = self.logs(text, 1)
            self.assertEqual((document["state"], document["results"]), ("error", {}))
            self.assertIn("launcher: outputs: %s/train/3/results.json\n" % self.out, self.stderr)
        self.logs("def handler(context): context.log_result('a', 1)")
        document = self.logs("import mlrun\ndef handler(): pass")
        self.assertEqual((document["state"], document["results"]), ("completed", {}))

    def test_a_failed_run_that_logged_nothing_writes_nothing(self):
        self.assertIsNone(self.logs("def handler(): raise ValueError(1)", 1))
        self.assertNotIn("outputs", self.stderr)
        self.assertFalse(os.path.exists(self.out))

    def test_a_forked_process_that_fails_keeps_the_results(self):
        self.logs("def handler(context): context.log_result('a', 1)")
        document = self.logs(
            """
            import os
            def handler():
                if os.fork() == 0:
                    raise ValueError(1)
                os.wait()
            """
        )
        self.assertEqual(document["results"], {"a": 1})

    def test_a_directory_that_cannot_be_written_is_an_error_at_once(self):
        os.makedirs(self.out)
        with open(os.path.join(self.out, "train"), "w"):
            pass  # a file in the way, which stops root as well
        self.logs("def handler(context):\n    context.log_result('a', 1)\n    print('went on')", 1)
        self.assertIn("OSError: outputs cannot be written to", self.stderr.splitlines()[-1])
        self.assertIn("set spec.output_path in the task", self.stderr)
        self.assertEqual(self.process.stdout, b"")

    def test_a_returned_value_that_cannot_be_written_is_a_warning(self):
        os.makedirs(self.out)
        with open(os.path.join(self.out, "train"), "w"):
            pass
        self.logs("def handler(): return 5")
        self.assertIn(
            "[warning] the returned value is not logged: outputs cannot be written to", self.stderr
        )

    def test_a_run_that_is_called_like_another_directory_is_refused(self):
        metadata = {"name": "../../x", "iteration": 3}
        self.logs("def handler(context): context.log_result('a', 1)", 1, metadata=metadata)
        self.assertIn("the run's name: ", self.stderr.splitlines()[-1])
        self.assertFalse(os.path.exists(self.out))

    def test_threads_log_at_the_same_time(self):
        got = self.logs(
            """
            from concurrent.futures import ThreadPoolExecutor
            def handler(context):
                def log(i):
                    context.log_result(i, i, commit=True)
                    context.log_artifact("a%d" % i, body="b")
                with ThreadPoolExecutor(8) as pool:
                    list(pool.map(log, range(40)))
            """
        )
        self.assertEqual((len(got["results"]), len(got["artifacts"])), (40, 40))

    def test_plots_and_frames_are_written_by_their_own_methods(self):
        got = self.logs(
            """
            from mlrun.artifacts import PlotArtifact, PlotlyArtifact
            class Figure:
                def savefig(self, file, format): file.write(b"PNG")
            class Plotly:
                def to_html(self): return "<plot>"
            class Frame:
                index = range(0)
                def to_csv(self, path, index=True): open(path, "w").write("csv %s" % index)
                def to_parquet(self, path, **kwargs): raise ImportError("no engine\\nat all")
            class RangeIndex: pass
            def handler(context):
                context.log_artifact("figure", body=Figure())
                context.log_artifact(PlotArtifact("plot", body=Figure(), title="<T>"))
                context.log_artifact(PlotlyArtifact(Plotly(), key="plotly"))
                frame = Frame()
                context.log_dataset("data", df=frame)
                frame.index = RangeIndex()
                context.log_dataset("range", df=frame, format="csv")
            """
        )
        paths = [(a["kind"], a["path"], a["format"]) for a in got["artifacts"]]
        self.assertEqual(
            paths,
            [
                ("artifact", "figure.png", "png"),
                ("plot", "plot.html", "html"),
                ("plotly", "plotly.html", "html"),
                ("dataset", "data.csv", "csv"),
                ("dataset", "range.csv", "csv"),
            ],
        )
        self.assertIn('dataset "data" is written as CSV: no engine\n', self.stderr)
        content = []
        for _, path, _ in paths:
            with open(os.path.join(self.out, "train", "3", path)) as file:
                content.append(file.read())
        self.assertEqual(content[0], "PNG")
        self.assertIn("&lt;T&gt;", content[1])
        self.assertEqual(content[2:], ["<plot>", "csv True", "csv False"])

    def test_returned_values_that_cannot_be_packed_are_warnings(self):
        got = self.logs(
            "def handler(): return object(), 2, 3", spec={"returns": ["o", "b:dataset", "c:result"]}
        )
        self.assertEqual(got["results"], {"c": 3})
        self.assertIn(
            'the returned value "b" is not logged: a int as "dataset" needs MLRun itself',
            self.stderr,
        )
        for hint in ("*a", "a:model", 5):
            self.logs("def handler(): print('ran')", 1, spec={"returns": [hint]})
            self.assertEqual(self.process.stdout, b"")


class Inputs(StandIn):
    def takes(self, signature, body, status=0, inputs=None):
        path = self.write("data.json", '{"a": 1}')
        text = "import json, pathlib, typing, mlrun\ndef handler(%s):\n    %s\n" % (signature, body)
        self.logs(text, status, spec={"inputs": inputs or {"data": path}})

    def test_are_what_the_annotation_asks_for(self):
        for signature, check in (
            (
                "data",
                "isinstance(data, mlrun.DataItem) and data.key == 'data' and data.suffix == '.json'",
            ),
            (
                "data: mlrun.DataItem",
                "json.loads(data.get()) == {'a': 1} == json.load(data.open('rb'))",
            ),
            ("data: 'mlrun.DataItem'", "data.url == str(data) == data.local()"),
            ("data: typing.Optional[mlrun.DataItem] = None", "isinstance(data, mlrun.DataItem)"),
            ("data: typing.Union[str, mlrun.DataItem]", "isinstance(data, mlrun.DataItem)"),
            ("data: object", "isinstance(data, mlrun.DataItem)"),
            ("data: str", "type(data) is str"),
            ("data: 'str'", "type(data) is str"),
            ("data: typing.Optional[str] = None", "type(data) is str"),
            ("data=''", "type(data) is str"),
            ("data=None", "isinstance(data, mlrun.DataItem)"),
            ("data: pathlib.Path", "isinstance(data, pathlib.Path)"),
            ("data: dict", "data == {'a': 1}"),
            ("data: typing.Dict[str, int]", "data == {'a': 1}"),
            ("data: list", "data == [1]"),
            ("**rest", "isinstance(rest['data'], mlrun.DataItem)"),
        ):
            with self.subTest(signature):
                self.takes(signature, "assert " + check)
        self.takes("data", "assert type(data) is str", inputs={"data : str": "/x"})
        self.takes(
            "context, data", "assert context.inputs == {'data': '/x'}", inputs={"data:str": "/x"}
        )

    def test_that_cannot_be_it_are_errors_that_name_it(self):
        for signature, error in (
            (
                "data: int",
                'TypeError: input "data": an input cannot be int: annotate it DataItem, ',
            ),
            ("data: 'absent.Type'", 'TypeError: the type "absent.Type" of an input is unknown: '),
        ):
            self.takes(signature, "pass", 1)
            self.assertIn(error, self.stderr.splitlines()[-1])
        self.takes("data", "data.as_df(df_module=mlrun)", 1, inputs={"data": "/x.bin"})
        self.assertIn('input "data": as_df reads .csv, .parquet, .pq and .json', self.stderr)
        for address in ("s3://b/x.csv", "https://host/x.csv"):
            self.takes("data: mlrun.DataItem", "pass", 1, inputs={"data": address})
            self.assertIn(
                'RuntimeError: input "data" is %s, which launcher does not fetch' % address,
                self.stderr,
            )


class Text(unittest.TestCase):
    def test_every_name_says_what_it_means(self):
        for node in ast.parse(STAND_IN).body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name[0] != "_":
                self.assertTrue(ast.get_docstring(node), node.name)
                for member in node.body if isinstance(node, ast.ClassDef) else ():
                    if isinstance(member, ast.FunctionDef) and member.name[0] != "_":
                        self.assertTrue(
                            ast.get_docstring(member), "%s.%s" % (node.name, member.name)
                        )


if __name__ == "__main__":
    unittest.main()
