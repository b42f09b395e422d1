"""A function in Swift, built from Apps/sample-function, in `fluoro serve`, driven by boto3."""

import base64
import io
import json
import os
import secrets
import signal
import subprocess
import threading
import time
import unittest
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
from botocore.config import Config

from functions import TRUST
from server import PATIENCE, REGION, Server, eventually, surroundings

SAMPLE_FUNCTION = os.environ.get("SAMPLE_FUNCTION")
ORDER = {"order": "o-1", "items": [{"name": "tea", "price": 4.5, "count": 2}, {"name": "cup", "price": 3}]}


def archive(program):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        entry = zipfile.ZipInfo("bootstrap", (2026, 11, 21, 0, 0, 0))
        entry.external_attr = 0o100755 << 16
        with open(program, "rb") as code:
            file.writestr(entry, code.read(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


@unittest.skipUnless(SAMPLE_FUNCTION, "SAMPLE_FUNCTION does not name the built function")
class SwiftFunctionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        iam, cls.lambda_, cls.xray = (cls.client(service) for service in ("iam", "lambda", "xray"))
        role = iam.create_role(RoleName="swift", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        iam.attach_role_policy(RoleName="swift", PolicyArn="arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess")
        code = archive(SAMPLE_FUNCTION)
        # What Lambda takes without S3.
        assert len(code) < 50 << 20, len(code)
        for name, timeout in (("orders", 60), ("hurried", 1)):
            cls.lambda_.create_function(
                FunctionName=name, Role=role, Runtime="provided.al2023", Handler="bootstrap", Timeout=timeout,
                MemorySize=256, Code={"ZipFile": code}, TracingConfig={"Mode": "Active"})

    @classmethod
    def client(cls, service):
        return boto3.client(
            service, endpoint_url=cls.server.url, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="y",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=PATIENCE))

    def invoke(self, name, event, sampled=1):
        """The answer, its payload, and the id of the trace that the caller has begun."""
        root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
        client = self.client("lambda")
        client.meta.events.register(
            "before-sign.lambda.Invoke", lambda request, **_:
            request.headers.add_header("X-Amzn-Trace-Id", f"Root={root};Sampled={sampled}"))
        answer = client.invoke(FunctionName=name, Payload=json.dumps(event), LogType="Tail")
        return answer, json.loads(answer["Payload"].read()), root

    def invocation(self, root, name="price"):
        """The Invocation of a trace, once it has a subsegment of that name."""
        def found():
            for trace in self.xray.batch_get_traces(TraceIds=[root])["Traces"]:
                for segment in trace["Segments"]:
                    document = json.loads(segment["Document"])
                    parts = {part["name"]: part for part in document.get("subsegments", [])}
                    if name in [part["name"] for part in parts.get("Invocation", {}).get("subsegments", [])]:
                        return parts["Invocation"]
            return None

        invocation = eventually(found)
        self.assertIsNotNone(invocation, root)
        return invocation

    def test_its_result_log_and_subsegments_are_where_they_belong(self):
        answer, result, root = self.invoke("orders", ORDER)
        self.assertNotIn("FunctionError", answer, result)
        self.assertEqual((result["order"], result["total"]), ("o-1", 12))
        log = base64.b64decode(answer["LogResult"]).decode()
        line = next(line for line in log.splitlines() if "order o-1 has 2 items" in line)
        self.assertIn(answer["ResponseMetadata"]["RequestId"], line)
        self.assertIn(root, line)

        invocation = self.invocation(root)
        self.assertIn(f"Parent={invocation['id']}", result["trace"])
        price = invocation["subsegments"][0]
        self.assertEqual(price["annotations"], {"order": "o-1", "items": 2})
        self.assertLess(invocation["start_time"], price["start_time"])
        self.assertLess(price["end_time"], invocation["end_time"])

    def test_nothing_is_recorded_when_nobody_samples(self):
        _, result, root = self.invoke("orders", ORDER, sampled=0)
        self.assertIn("Sampled=0", result["trace"])
        self.assertEqual(self.xray.batch_get_traces(TraceIds=[root])["Traces"], [])

    def test_its_errors_are_told_and_traced(self):
        answer, result, root = self.invoke("orders", ORDER | {"fail": "sold out ✓"})
        self.assertEqual(answer["FunctionError"], "Unhandled")
        self.assertEqual((result["errorType"], result["errorMessage"]), ("OrderError", "sold out ✓"))
        self.assertEqual(len(result["stackTrace"]), 1)
        self.assertIn("main.swift", result["stackTrace"][0])
        self.assertIn("OrderError: sold out ✓", base64.b64decode(answer["LogResult"]).decode())
        invocation = self.invocation(root)
        self.assertTrue(invocation["error"])
        self.assertEqual(invocation["cause"]["exceptions"][0]["message"], "sold out ✓")
        self.assertTrue(invocation["subsegments"][0]["fault"])

        # The process lives on.
        self.assertEqual(self.invoke("orders", ORDER)[1]["total"], 12)
        self.assertEqual(self.invoke("orders", {"items": []})[1]["errorMessage"], "the event has no order")

    def test_a_timeout_does_not_lose_what_was_open(self):
        answer, result, root = self.invoke("hurried", ORDER | {"sleep": 30})
        self.assertEqual(answer["FunctionError"], "Unhandled")
        self.assertIn("Task timed out after 1.00 seconds", result["errorMessage"])
        price = self.invocation(root)["subsegments"][0]
        self.assertTrue(price["in_progress"])
        self.assertEqual(price["annotations"]["order"], "o-1")


class RefusingLambda(BaseHTTPRequestHandler):
    """A Runtime API that answers a request for an event with the server's `status`, or never."""

    def do_GET(self):
        self.server.asked.set()
        if self.server.status is None:
            self.server.ended.wait(PATIENCE)
        else:
            self.send_error(self.server.status)

    def log_message(self, *_):
        pass


@unittest.skipUnless(SAMPLE_FUNCTION, "SAMPLE_FUNCTION does not name the built function")
class SwiftProcessTest(unittest.TestCase):
    def lambda_(self, status):
        server = ThreadingHTTPServer(("127.0.0.1", 0), RefusingLambda)
        server.daemon_threads = True
        server.status, server.asked, server.ended = status, threading.Event(), threading.Event()
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(lambda: (server.ended.set(), server.shutdown(), thread.join(), server.server_close()))
        return server

    def start(self, server=None):
        api = {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}"} if server else {}
        process = subprocess.Popen(
            [SAMPLE_FUNCTION], env=surroundings(**api), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close()))
        return process

    def test_sigterm_ends_it_in_order(self):
        server = self.lambda_(None)
        process = self.start(server)
        self.assertTrue(server.asked.wait(PATIENCE))
        process.send_signal(signal.SIGTERM)
        self.assertEqual((process.wait(PATIENCE), process.stdout.read()), (0, ""))

    def test_a_refusal_ends_it_with_a_word(self):
        for status in (403, 500):
            process = self.start(self.lambda_(status))
            self.assertEqual(process.wait(PATIENCE), 1)
            self.assertIn(f"was refused with {status}", process.stdout.read())

    def test_it_says_that_it_is_for_lambda(self):
        process = self.start()
        self.assertEqual(process.wait(PATIENCE), 1)
        self.assertIn("this is a program for Lambda", process.stdout.read())


if __name__ == "__main__":
    unittest.main()
