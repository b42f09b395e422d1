"""Real functions in `fluoro serve`, driven by boto3: roles, functions, versions, aliases, invocations, and their traces."""

import base64
import json
import os
import socket
import subprocess
import sys
import time
import unittest

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from functions import PLAIN, SHELL, TRACED, TRUST, archive
from server import FLUORO, REGION, Server, eventually, surroundings

PYTHON = f"python3.{sys.version_info.minor}"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class LambdaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server("--python", sys.executable))

    def setUp(self):
        self.lambda_ = self.client("lambda")
        self.iam = self.client("iam")
        self.xray = self.client("xray")

    def client(self, service):
        return boto3.client(
            service, endpoint_url=self.server.url, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="y",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=120))

    def role(self, name, *policies):
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        for policy in policies:
            self.iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
        return arn

    def function(self, name, code, role=None, runtime=PYTHON, handler="app.handler", **more):
        files = {"bootstrap": code} if runtime.startswith("provided") else {"app__py": code}
        return self.lambda_.create_function(
            FunctionName=name, Role=role or self.role(f"{name}-role", "AWSXRayDaemonWriteAccess"), Runtime=runtime,
            Handler=handler, Code={"ZipFile": archive(**files)}, Timeout=more.pop("Timeout", 60), **more)

    def invoke(self, name, event=None, **more):
        answer = self.lambda_.invoke(FunctionName=name, Payload=json.dumps(event or {}), **more)
        return answer, json.loads(answer["Payload"].read() or "null")

    def trace(self, answer, segments):
        """The trace of an answer once it has so many segments, by their origin."""
        root = answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"].split("Root=")[1].split(";")[0]

        def found():
            traces = self.xray.batch_get_traces(TraceIds=[root])["Traces"]
            documents = [json.loads(segment["Document"]) for trace in traces for segment in trace["Segments"]]
            return documents if len(documents) >= segments else None

        documents = eventually(found)
        self.assertIsNotNone(documents, root)
        return documents

    def test_a_python_function_is_traced_with_what_it_calls(self):
        port = free_port()
        backend = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], env=surroundings(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (backend.kill(), backend.wait()))
        url = f"http://127.0.0.1:{port}"
        # Where functions find themselves.
        aws = dict(endpoint_url=url, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")

        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        self.assertTrue(eventually(listens))
        boto3.client("s3", **aws).create_bucket(Bucket="orders")
        boto3.client("dynamodb", **aws).create_table(
            TableName="orders", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], BillingMode="PAY_PER_REQUEST")

        self.function(
            "orders", TRACED, Timeout=120, MemorySize=512, TracingConfig={"Mode": "Active"},
            Environment={"Variables": {"BACKEND": url}})
        # Twice, so that the sampler's share does not matter: the first request of a second is always traced.
        answer, result = self.invoke("orders", {"order": "o-1"})
        self.assertEqual(result.get("stored"), "o-1", result)
        self.assertEqual(answer["StatusCode"], 200)
        documents = self.trace(answer, 4)
        by_origin = {document.get("origin"): document for document in documents}
        service, function = by_origin["AWS::Lambda"], by_origin["AWS::Lambda::Function"]
        self.assertEqual(function["parent_id"], service["id"])
        parts = {part["name"]: part for part in function["subsegments"]}
        self.assertEqual(set(parts), {"Initialization", "Invocation", "Overhead"})
        self.assertLess(parts["Initialization"]["start_time"], function["start_time"])
        store = parts["Invocation"]["subsegments"][0]
        self.assertEqual(store["name"], "store")
        self.assertEqual(store["annotations"], {"order": "o-1"})
        self.assertEqual({call["name"] for call in store["subsegments"]}, {"s3", "dynamodb"})
        self.assertIn(f"Parent={parts['Invocation']['id']}", result["trace"])

        now = time.time()
        services = self.xray.get_service_graph(StartTime=now - 600, EndTime=now + 60)["Services"]
        types = {service.get("Type") for service in services if service["Name"] == "orders" or "S3" in service.get("Type", "")}
        self.assertLessEqual({"AWS::Lambda", "AWS::Lambda::Function", "AWS::DynamoDB::Table", "AWS::S3::Bucket"}, types)

        # Warm: no initialization.
        time.sleep(1.1)
        warm, _ = self.invoke("orders", {"order": "o-2"})
        function = next(d for d in self.trace(warm, 4) if d.get("origin") == "AWS::Lambda::Function")
        self.assertEqual({part["name"] for part in function["subsegments"]}, {"Invocation", "Overhead"})

    def test_active_tracing_needs_a_role_that_allows_it(self):
        role = self.role("silent-role", "service-role/AWSLambdaBasicExecutionRole")
        with self.assertRaises(ClientError) as refused:
            self.function("silent", PLAIN, role=role, TracingConfig={"Mode": "Active"})
        error = refused.exception.response
        self.assertEqual(error["Error"]["Code"], "InvalidParameterValueException")
        self.assertEqual(
            error["Error"]["Message"],
            "The provided execution role does not have permissions to call PutTraceSegments on XRAY")
        self.iam.put_role_policy(
            RoleName="silent-role", PolicyName="traces", PolicyDocument=json.dumps({
                "Version": "2012-10-17",
                "Statement": {"Effect": "Allow", "Action": "xray:Put*", "Resource": "*"}}))
        self.function("silent", PLAIN, role=role, TracingConfig={"Mode": "Active"})
        configuration = self.lambda_.get_function_configuration(FunctionName="silent")
        self.assertEqual(configuration["TracingConfig"], {"Mode": "Active"})

    def test_errors_logs_and_exits_are_told_as_lambda_tells_them(self):
        self.function("moody", PLAIN, Environment={"Variables": {"GREETING": "hi"}})
        answer, result = self.invoke("moody", {"a": 1}, LogType="Tail")
        self.assertEqual((result["event"], result["greeting"], result["version"]), ({"a": 1}, "hi", "$LATEST"))
        log = base64.b64decode(answer["LogResult"]).decode()
        for line in ("START RequestId: ", f"hello from {result['pid']}", "END RequestId: ", "REPORT RequestId: "):
            self.assertIn(line, log)
        self.assertEqual(answer["ExecutedVersion"], "$LATEST")

        answer, result = self.invoke("moody", {"fail": True})
        self.assertEqual(answer["FunctionError"], "Unhandled")
        self.assertEqual((result["errorType"], result["errorMessage"]), ("ValueError", "as you wish"))
        self.assertEqual(result["requestId"], answer["ResponseMetadata"]["RequestId"])

        answer, result = self.invoke("moody", {"exit": True})
        self.assertEqual(answer["FunctionError"], "Unhandled")
        self.assertEqual(result["errorType"], "Runtime.ExitError")

        self.lambda_.update_function_configuration(FunctionName="moody", Timeout=1)
        answer, result = self.invoke("moody", {"sleep": 30})
        self.assertEqual(answer["FunctionError"], "Unhandled")
        self.assertIn("Task timed out after 1.00 seconds", result["errorMessage"])

    def test_versions_and_aliases(self):
        self.function("paged", PLAIN, Environment={"Variables": {"GREETING": "one"}})
        first = self.lambda_.publish_version(FunctionName="paged")["Version"]
        self.lambda_.update_function_configuration(
            FunctionName="paged", Environment={"Variables": {"GREETING": "two"}})
        second = self.lambda_.publish_version(FunctionName="paged")["Version"]
        self.assertEqual((first, second), ("1", "2"))
        self.lambda_.create_alias(FunctionName="paged", Name="live", FunctionVersion="1")
        answer, result = self.invoke("paged:live")
        self.assertEqual((answer["ExecutedVersion"], result["greeting"]), ("1", "one"))
        self.lambda_.update_alias(FunctionName="paged", Name="live", FunctionVersion="2")
        answer, result = self.invoke("paged", Qualifier="live")
        self.assertEqual((answer["ExecutedVersion"], result["greeting"]), ("2", "two"))
        versions = self.lambda_.list_versions_by_function(FunctionName="paged")["Versions"]
        self.assertEqual([version["Version"] for version in versions], ["$LATEST", "1", "2"])

    def test_no_concurrency_means_no_invocation(self):
        self.function("stopped", PLAIN)
        self.lambda_.put_function_concurrency(FunctionName="stopped", ReservedConcurrentExecutions=0)
        with self.assertRaises(self.lambda_.exceptions.TooManyRequestsException) as refused:
            self.invoke("stopped")
        self.assertEqual(refused.exception.response["ResponseMetadata"]["HTTPStatusCode"], 429)
        self.assertEqual(
            refused.exception.response["Reason"], "ReservedFunctionConcurrentInvocationLimitExceeded")
        self.lambda_.delete_function_concurrency(FunctionName="stopped")
        self.assertEqual(self.invoke("stopped")[0]["StatusCode"], 200)

    def test_events_are_answered_at_once_and_run_later(self):
        self.function("eventual", PLAIN)
        answer, _ = self.invoke("eventual", {"sleep": 0.2}, InvocationType="Event")
        self.assertEqual(answer["StatusCode"], 202)
        self.assertEqual(self.invoke("eventual", InvocationType="DryRun")[0]["StatusCode"], 204)

    def test_a_shell_script_is_a_function(self):
        self.function("shell", SHELL, runtime="provided.al2023", handler="bootstrap")
        self.assertEqual(self.invoke("shell", {"b": 2})[1], {"shell": {"b": 2}})

    def test_functions_and_roles_outlive_the_server(self):
        with Server("--python", sys.executable) as server:
            self.server, server_before = server, self.server
            try:
                self.setUp()
                self.function("lasting", PLAIN)
                self.lambda_.publish_version(FunctionName="lasting")
                before = self.lambda_.get_function(FunctionName="lasting")["Configuration"]
                server.restart()
                self.setUp()
                after = self.lambda_.get_function(FunctionName="lasting")["Configuration"]
                for member in ("CodeSha256", "Role", "Runtime", "Timeout", "LastModified", "RevisionId"):
                    self.assertEqual(before[member], after[member], member)
                self.assertEqual(self.iam.get_role(RoleName="lasting-role")["Role"]["RoleName"], "lasting-role")
                self.assertEqual(self.invoke("lasting:1")[1]["version"], "1")
            finally:
                self.server = server_before

    def test_what_is_not_there_is_said_so(self):
        with self.assertRaises(self.lambda_.exceptions.ResourceNotFoundException):
            self.invoke("nobody")
        with self.assertRaises(ClientError) as refused:
            self.function("roleless", PLAIN, role="arn:aws:iam::000000000000:role/nobody")
        self.assertEqual(refused.exception.response["Error"]["Code"], "InvalidParameterValueException")
        with self.assertRaises(self.iam.exceptions.NoSuchEntityException):
            self.iam.get_role(RoleName="nobody")

    def test_the_command_line_invokes_and_shows_the_trace(self):
        self.function("shown", PLAIN)
        run = subprocess.run(
            [FLUORO, "invoke", "shown", "--payload", '{"c": 3}', "--tail", "--endpoint", self.server.url],
            env=surroundings(), capture_output=True, text=True, timeout=120)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(json.loads(run.stdout)["event"], {"c": 3})
        for text in ("REPORT RequestId", "Initialization", "Invocation"):
            self.assertIn(text, run.stderr)


if __name__ == "__main__":
    unittest.main()
