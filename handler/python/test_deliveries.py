"""The deliveries that hand a context over in pieces: files, and the socket."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
import unittest

from test_launcher_context import CANARY, HOSTILE, NOT_UTF8, PATH, InProcess, document, environment


def answer(status, body, length=None):
    """Return an answer of HTTP, which says length where that is not its body's."""
    length = len(body) if length is None else length
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, length, body)


class Files(InProcess):
    def files(self, secrets, names=None, data=None):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        names = names or {key: "%d" % number for number, key in enumerate(secrets)}
        data = data or document(secrets={}, secrets_files=names)
        for name, text in {"context.json": data, **{names[k]: v for k, v in secrets.items()}}.items():
            with open(os.path.join(folder.name, name), "wb") as file:
                file.write(text)
        self.environ(LAUNCHER_CONTEXT="files:" + folder.name)
        return folder.name

    def test_values_are_the_files_bytes(self):
        values = {key: value.encode() for key, value in HOSTILE.items()}
        self.files({**values, "RAW": NOT_UTF8, "a/b": b"slash"})
        context = self.load().get_context()
        for key, value in HOSTILE.items():
            self.assertEqual(context.get_secret(key, "default"), value, key)
        self.assertEqual(context.get_secret("RAW"), NOT_UTF8)
        self.assertEqual(context.get_secret("A/B"), "slash")
        self.assertEqual(context.name, "train")

    def test_a_file_that_cannot_be_read_is_no_missing_key(self):
        folder = self.files({"KEY": CANARY.encode()})
        os.remove(os.path.join(folder, "0"))
        with self.assertRaisesRegex(RuntimeError, 'file "0" cannot be read: No such file'):
            self.load().get_context()
        os.remove(os.path.join(folder, "context.json"))
        with self.assertRaisesRegex(RuntimeError, 'file "context.json" cannot be read'):
            self.load().get_context()

    def test_only_files_of_the_folder_are_read(self):
        for name in ("../x", "/etc/hostname", "..", ".", ""):
            self.files({}, data=document(secrets={}, secrets_files={"KEY": name}))
            with self.assertRaisesRegex(RuntimeError, 'secrets_files has no value for "KEY"'):
                self.load().get_context()


class Socket(InProcess):
    def serve(self, answers):
        """Answer each request by the bytes that answers has for its target."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "s")
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        server.bind(path)
        server.listen()
        self.requests = []

        def loop():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    request = connection.recv(1 << 20)
                    self.requests.append(request.decode())
                    connection.sendall(answers.get(request.split()[1].decode(), answer(404, b"no\n")))

        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        self.addCleanup(thread.join, 10)
        self.addCleanup(server.shutdown, socket.SHUT_RDWR)
        self.environ(LAUNCHER_CONTEXT="unix:" + path)
        return path

    def served(self, **answers):
        rest = {"/v1/secrets/" + key: value for key, value in answers.items()}
        path = self.serve({"/v1/context": answer(200, document(secrets=None)), **rest})
        return self.load().get_context(), path

    def test_values_are_the_bodies_bytes(self):
        values = {**{k: v.encode() for k, v in HOSTILE.items()}, "RAW": NOT_UTF8}
        context, _ = self.served(**{key: answer(200, value) for key, value in values.items()})
        for key, value in HOSTILE.items():
            self.assertEqual(context.get_secret(key, "default"), value, key)
        self.assertEqual(context.get_secret("RAW"), NOT_UTF8)
        self.assertEqual((context.name, context.get_param("rate")), ("train", 0.5))

    def test_is_asked_each_time_by_a_request_of_its_own(self):
        context, _ = self.served(KEY=answer(200, b"1"))
        self.requests.clear()
        self.assertEqual([context.get_secret("KEY"), context.get_secret("KEY")], ["1", "1"])
        self.assertEqual(len(self.requests), 2)
        self.assertIn("\r\nHost: launcher\r\n", self.requests[0])
        self.assertIn("\r\nConnection: close\r\n", self.requests[0])

    def test_a_key_is_one_segment_of_a_path(self):
        context, _ = self.served()
        self.requests.clear()
        for key in ("a/b?c#d%", "x-._~", "\u00e9 !'()*", ""):
            self.assertEqual(context.get_secret(key, 1), 1)
        asked = [request.split()[1].rpartition("secrets/")[2] for request in self.requests]
        self.assertEqual(
            asked, ["a%2Fb%3Fc%23d%25", "x-._~", "%C3%A9%20%21%27%28%29%2A", ""]
        )
        self.assertEqual(context.get_secret("\ud800", 1), 1)

    def test_then_the_variable_then_the_default(self):
        context, _ = self.served()
        os.environ["OTHER"] = "variable"
        self.assertEqual(context.get_secret("OTHER"), "variable")
        self.assertEqual(context.get_secret("other", 7), 7)

    def test_another_status_is_an_error_with_its_text(self):
        context, _ = self.served(KEY=answer(502, b"vault: 403\ndenied\n"), NONE=answer(500, b""))
        os.environ["KEY"] = "variable"
        with self.assertRaisesRegex(RuntimeError, 'the secret "KEY": vault: 403\ndenied$'):
            context.get_secret("KEY")
        with self.assertRaisesRegex(RuntimeError, 'the secret "NONE": status 500$'):
            context.get_secret("NONE")

    def test_an_answer_that_breaks_off_is_no_missing_key(self):
        context, path = self.served(
            SHORT=answer(200, CANARY.encode(), 99),
            CLOSED=b"",
            ENDLESS=b"HTTP/1.1 200 OK\r\n\r\n" + CANARY.encode(),
            OTHER=b"220 smtp ready\r\n",
        )
        os.environ["SHORT"] = "variable"
        for key in ("SHORT", "CLOSED", "ENDLESS", "OTHER"):
            self.assertEnded(context, key)
        os.remove(path)
        self.assertEnded(context, "KEY")
        with socket.socket(socket.AF_UNIX) as nobody:
            nobody.bind(path)
        self.assertEnded(context, "KEY")

    def assertEnded(self, context, key):
        with self.assertRaises(RuntimeError) as caught:
            context.get_secret(key, "default")
        self.assertIn("process that serves secrets has ended", str(caught.exception))
        self.assertNotIn(CANARY, "".join(traceback.format_exception(None, caught.exception, None)))
        self.assertIsNone(caught.exception.__context__, "it may hold a part of a value")

    def test_the_context_itself_cannot_be_had(self):
        self.serve({"/v1/context": answer(503, b"not yet\n")})
        with self.assertRaisesRegex(RuntimeError, "the launcher did not return the context: not yet$"):
            self.load().get_context()
        self.environ(LAUNCHER_CONTEXT="unix:/no/such/socket")
        with self.assertRaisesRegex(RuntimeError, "secrets has ended: No such file"):
            self.load().get_context()

    def test_http_is_imported_for_a_socket_alone(self):
        check = "import sys, launcher_context as l; l.get_context(); print('http.client' in sys.modules)"
        process = subprocess.run(
            [sys.executable, "-c", check],
            env=environment(
                LAUNCHER_CONTEXT="env",
                LAUNCHER_CONTEXT_JSON=json.dumps({"version": 1}),
                PYTHONPATH=os.path.dirname(PATH),
            ),
            stdout=subprocess.PIPE,
            timeout=60,
        )
        self.assertEqual(process.stdout, b"False\n")


class Inputs(InProcess):
    def test_are_paths(self):
        spec = {"inputs": {"a": "/a b", "f": "file:///f/x", "r": "sub/r", "n": None}}
        context = self.context(spec=spec)
        for key, path in (("a", "/a b"), ("f", "/f/x"), ("r", "sub/r"), ("n", "n"), ("x.txt", "x.txt")):
            self.assertEqual(context.get_input(key), path)
            self.assertEqual(type(context.get_input(key).local()), str)
        self.assertEqual(context.get_input("x", "/url"), "/url")
        context = self.context(spec={**spec, "input_path": "/in"})
        for key, path in (("a", "/a b"), ("f", "/f/x"), ("r", "/in/sub/r"), ("x", "/in/x")):
            self.assertEqual(context.get_input(key), path)

    def test_nothing_is_fetched(self):
        address = "s3://user:%s@bucket/in@file.csv?sig=%s#%s" % (CANARY, CANARY, CANARY)
        context = self.context(spec={"inputs": {"infile": address}})
        with self.assertRaises(RuntimeError) as caught:
            context.get_input("infile")
        self.assertEqual(
            str(caught.exception),
            'input "infile" is s3://bucket/in@file.csv, which launcher does not fetch: mount it, '
            "or read its address from context.inputs",
        )
        with self.assertRaisesRegex(TypeError, 'input "i": its address is not a string$'):
            self.context(spec={"inputs": {"i": ["a"]}}).get_input("i")
        context = self.context(spec={"inputs": {"i": "i"}, "input_path": "s3://bucket"})
        with self.assertRaisesRegex(RuntimeError, "is s3://bucket/i, which"):
            context.get_input("i")

    def test_what_only_mlruns_loggers_have_is_named(self):
        context = self.context()
        with self.assertRaisesRegex(AttributeError, 'logger has no "set_logger_level": '):
            context.logger.set_logger_level


if __name__ == "__main__":
    unittest.main()
