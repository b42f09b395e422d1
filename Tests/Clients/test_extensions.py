"""An extension beside a real function in `fluoro serve`: what it is told, and what telemetry says of the trace."""

import base64
import json
import os
import re
import sys
import tempfile
import time
import unittest

import boto3
from botocore.config import Config

from functions import PLAIN, TRUST, archive
from server import REGION, Server, eventually

PYTHON = f"python3.{sys.version_info.minor}"

# Subscribes to telemetry, and writes each event of both APIs as a line into the file that WATCHED names.
WATCH = f"#!{sys.executable} -IS\n" + '''
import http.client, http.server, json, os, threading

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
lock = threading.Lock()


def note(kind, value):
    with lock, open(os.environ["WATCHED"], "a") as file:
        file.write(json.dumps([kind, value]) + "\\n")


def ask(method, path, body=None, **headers):
    connection = http.client.HTTPConnection(API)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, answer.headers, json.loads(answer.read())


class Telemetry(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        for event in json.loads(self.rfile.read(int(self.headers["Content-Length"]))):
            note("telemetry", event)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Telemetry)
threading.Thread(target=server.serve_forever, daemon=True).start()
status, headers, answer = ask(
    "POST", "/2020-01-01/extension/register", json.dumps({"events": ["INVOKE", "SHUTDOWN"]}),
    Lambda_Extension_Name="watch", Lambda_Extension_Accept_Feature="accountId")
note("registered", [status, answer])
me = headers["Lambda-Extension-Identifier"]
subscribed = ask(
    "PUT", "/2022-07-01/telemetry", json.dumps({
        "schemaVersion": "2022-12-13", "types": ["platform", "function"], "buffering": {"timeoutMs": 25},
        "destination": {"protocol": "HTTP", "URI": f"http://sandbox.localdomain:{server.server_port}"}}),
    Lambda_Extension_Identifier=me)
note("subscribed", [subscribed[0], subscribed[2]])
while True:
    event = ask("GET", "/2020-01-01/extension/event/next", Lambda_Extension_Identifier=me)[2]
    note("event", event)
    if event["eventType"] == "SHUTDOWN":
        break
'''


class ExtensionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server("--python", sys.executable))

    def client(self, service):
        return boto3.client(
            service, endpoint_url=self.server.url, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="y",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=120))

    def setUp(self):
        self.lambda_, self.xray = self.client("lambda"), self.client("xray")
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="fluoro-extensions-"))
        self.file = os.path.join(self.folder, "watched")
        iam = self.client("iam")
        role = iam.create_role(RoleName="watched-role", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        iam.attach_role_policy(
            RoleName="watched-role", PolicyArn="arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess")
        self.lambda_.create_function(
            FunctionName="watched", Role=role, Runtime=PYTHON, Handler="app.handler", Timeout=60, MemorySize=256,
            TracingConfig={"Mode": "Active"}, Environment={"Variables": {"WATCHED": self.file}},
            Code={"ZipFile": archive(app__py=PLAIN, **{"extensions/watch": WATCH})})

    def noted(self, kind):
        if not os.path.exists(self.file):
            return []
        with open(self.file, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file if line.endswith("\n")]
        return [value for noted, value in lines if noted == kind]

    def records(self, kind):
        return [event["record"] for event in self.noted("telemetry") if event["type"] == kind]

    def invoke(self):
        answer = self.lambda_.invoke(FunctionName="watched", Payload="{}", LogType="Tail")
        self.assertNotIn("FunctionError", answer, answer["Payload"].read())
        return answer

    def function_segment(self, answer):
        root = answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"].split("Root=")[1].split(";")[0]

        def found():
            traces = self.xray.batch_get_traces(TraceIds=[root])["Traces"]
            documents = [json.loads(segment["Document"]) for trace in traces for segment in trace["Segments"]]
            return [document for document in documents if document.get("origin") == "AWS::Lambda::Function"]

        documents = eventually(found)
        self.assertTrue(documents, root)
        return root, documents[0]

    def test_what_an_extension_is_told_is_what_the_trace_and_the_log_say(self):
        answers = [self.invoke()]
        # The sampler takes the first request of a second.
        time.sleep(1.1)
        answers.append(self.invoke())
        self.assertTrue(eventually(lambda: len(self.records("platform.report")) == 2), self.noted("telemetry"))
        self.assertEqual(self.noted("subscribed"), [[200, "OK"]])
        (status, registered), = self.noted("registered")
        self.assertEqual((status, registered["functionName"], registered["functionVersion"]), (200, "watched", "$LATEST"))
        self.assertRegex(registered["accountId"], r"^\d{12}$")

        platform = [event["type"] for event in self.noted("telemetry") if event["type"].startswith("platform.")]
        self.assertEqual(
            [kind.removeprefix("platform.") for kind in platform],
            ["initStart", "telemetrySubscription", "initRuntimeDone", "extension", "initReport"]
            + ["start", "runtimeDone", "report"] * 2)
        self.assertIn("hello from", " ".join(self.records("function")))

        for index, answer in enumerate(answers):
            request = answer["ResponseMetadata"]["RequestId"]
            root, function = self.function_segment(answer)
            invocation = next(part for part in function["subsegments"] if part["name"] == "Invocation")
            header = f"Root={root};Parent={function['parent_id']};Sampled=1"

            event = self.noted("event")[index]
            self.assertEqual((event["eventType"], event["requestId"]), ("INVOKE", request))
            self.assertEqual(event["tracing"], {"type": "X-Amzn-Trace-Id", "value": header})

            start, done, report = (
                self.records(f"platform.{kind}")[index] for kind in ("start", "runtimeDone", "report"))
            for record, span in ((start, function["id"]), (done, invocation["id"]), (report, function["id"])):
                self.assertEqual(record["requestId"], request)
                self.assertEqual(
                    record["tracing"], {"spanId": span, "type": "X-Amzn-Trace-Id", "value": header})
            self.assertEqual((done["status"], report["status"]), ("success", "success"))

            # The spans are the annotations of the function's segment.
            spans = {span["name"]: span["durationMs"] for span in done["spans"] + report["spans"]}
            self.assertEqual(
                set(spans), {"responseLatency", "responseDuration", "runtimeOverhead", "extensionOverhead"})
            self.assertEqual(
                {f"aws:{name}": value for name, value in spans.items()}, function["annotations"])

            log = base64.b64decode(answer["LogResult"]).decode()
            line = next(line for line in log.splitlines() if line.startswith("REPORT "))
            metrics = report["metrics"]
            self.assertEqual(re.search(r"\tBilled Duration: (\d+) ms", line)[1], str(metrics["billedDurationMs"]))
            self.assertEqual(float(re.search(r"\tDuration: ([\d.]+) ms", line)[1]), metrics["durationMs"])
            self.assertEqual(metrics["memorySizeMB"], 256)
            self.assertIn(f"SegmentId: {function['id']}", line)
            self.assertEqual("initDurationMs" in metrics, index == 0)
            self.assertEqual("Init Duration" in line, index == 0)

        self.lambda_.delete_function(FunctionName="watched")
        self.assertTrue(eventually(lambda: self.noted("event")[-1]["eventType"] == "SHUTDOWN"))
        self.assertEqual(self.noted("event")[-1]["shutdownReason"], "spindown")


if __name__ == "__main__":
    unittest.main()
