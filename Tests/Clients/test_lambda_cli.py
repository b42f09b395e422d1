"""Lambda by the AWS CLI, as a user types it: from a role to a function that is fed from a queue."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from functions import PLAIN, TRUST, archive
from server import PATIENCE, Server, eventually, surroundings

AWS = os.path.join(os.path.dirname(sys.executable), "aws")
PYTHON = f"python3.{sys.version_info.minor}"


class LambdaCommandsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server("--python", sys.executable))
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="fluoro-cli-"))
        cls.zip = os.path.join(cls.folder, "app.zip")
        with open(cls.zip, "wb") as file:
            file.write(archive(app__py=PLAIN))
        role = cls.aws("iam", "create-role", "--role-name", "cli", "--assume-role-policy-document", TRUST)["Role"]
        cls.role = role["Arn"]
        cls.aws(
            "iam", "attach-role-policy", "--role-name", "cli",
            "--policy-arn", "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess")

    @classmethod
    def run_aws(cls, *arguments):
        return subprocess.run(
            [AWS, *arguments, "--endpoint-url", cls.server.url, "--output", "json"],
            env=surroundings(AWS_MAX_ATTEMPTS="1"), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=PATIENCE)

    @classmethod
    def aws(cls, *arguments):
        done = cls.run_aws(*arguments)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def create(self, name, *more):
        return self.aws(
            "lambda", "create-function", "--function-name", name, "--runtime", PYTHON, "--handler", "app.handler",
            "--zip-file", f"fileb://{self.zip}", "--role", self.role, "--timeout", "60", *more)

    def invoke(self, name, payload, *more):
        """The CLI's own output, and what the function answered."""
        out = os.path.join(self.folder, "out.json")
        answer = self.aws(
            "lambda", "invoke", "--function-name", name, "--payload", json.dumps(payload), *more, out)
        with open(out, encoding="utf-8") as file:
            text = file.read()
        return answer, json.loads(text) if text else None

    def received(self, url):
        """The next message of a queue, which is deleted."""
        def receive():
            return self.aws("sqs", "receive-message", "--queue-url", url, "--wait-time-seconds", "5").get("Messages")
        [message] = eventually(receive)
        self.aws("sqs", "delete-message", "--queue-url", url, "--receipt-handle", message["ReceiptHandle"])
        return json.loads(message["Body"])

    def queue(self, name):
        url = self.aws("sqs", "create-queue", "--queue-name", name)["QueueUrl"]
        attributes = self.aws("sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", "QueueArn")
        return url, attributes["Attributes"]["QueueArn"]

    def test_create_configure_publish_alias_and_invoke(self):
        created = self.create("typed", "--tracing-config", "Mode=Active")
        self.assertEqual(created["TracingConfig"], {"Mode": "Active"})
        changed = self.aws(
            "lambda", "update-function-configuration", "--function-name", "typed",
            "--environment", "Variables={GREETING=hello}")
        self.assertEqual(changed["Environment"], {"Variables": {"GREETING": "hello"}})
        self.assertEqual(self.aws("lambda", "publish-version", "--function-name", "typed")["Version"], "1")
        self.aws(
            "lambda", "create-alias", "--function-name", "typed", "--name", "live", "--function-version", "1")
        answer, result = self.invoke("typed:live", {"a": 1}, "--log-type", "Tail")
        self.assertEqual((answer["StatusCode"], answer["ExecutedVersion"]), (200, "1"))
        self.assertEqual((result["event"], result["greeting"], result["version"]), ({"a": 1}, "hello", "1"))
        answer, result = self.invoke("typed", {"fail": True})
        self.assertEqual((answer["FunctionError"], result["errorType"]), ("Unhandled", "ValueError"))
        answer, _ = self.invoke("typed", {}, "--invocation-type", "Event")
        self.assertEqual(answer["StatusCode"], 202)
        answer, _ = self.invoke("typed", {}, "--invocation-type", "DryRun")
        self.assertEqual(answer["StatusCode"], 204)

    def test_no_concurrency_is_a_throttle(self):
        self.create("halted")
        self.aws(
            "lambda", "put-function-concurrency", "--function-name", "halted", "--reserved-concurrent-executions", "0")
        refused = self.run_aws("lambda", "invoke", "--function-name", "halted", os.path.join(self.folder, "none.json"))
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("TooManyRequestsException", refused.stderr)

    def test_destinations_are_queues_that_the_cli_reads(self):
        self.create("routed")
        good, good_arn = self.queue("routed-good")
        bad, bad_arn = self.queue("routed-bad")
        self.aws(
            "lambda", "put-function-event-invoke-config", "--function-name", "routed", "--maximum-retry-attempts", "0",
            "--destination-config", json.dumps({
                "OnSuccess": {"Destination": good_arn}, "OnFailure": {"Destination": bad_arn}}))
        self.invoke("routed", {"n": 1}, "--invocation-type", "Event")
        record = self.received(good)
        self.assertEqual((record["requestContext"]["condition"], record["requestPayload"]), ("Success", {"n": 1}))
        self.assertEqual(record["responsePayload"]["event"], {"n": 1})
        self.invoke("routed", {"fail": True}, "--invocation-type", "Event")
        record = self.received(bad)
        self.assertEqual(record["requestContext"]["condition"], "RetriesExhausted")
        self.assertEqual(record["responsePayload"]["errorMessage"], "as you wish")

    def test_a_queue_feeds_a_function(self):
        self.create("fed")
        source, source_arn = self.queue("fed-source")
        mapping = self.aws(
            "lambda", "create-event-source-mapping", "--function-name", "fed", "--event-source-arn", source_arn,
            "--batch-size", "5")
        self.aws("sqs", "send-message", "--queue-url", source, "--message-body", "one")

        def is_empty():
            attributes = self.aws(
                "sqs", "get-queue-attributes", "--queue-url", source, "--attribute-names", "All")["Attributes"]
            return (attributes["ApproximateNumberOfMessages"], attributes["ApproximateNumberOfMessagesNotVisible"]) \
                == ("0", "0")
        self.assertTrue(eventually(is_empty))
        self.assertEqual(
            self.aws("lambda", "get-event-source-mapping", "--uuid", mapping["UUID"])["BatchSize"], 5)
        self.aws("lambda", "delete-event-source-mapping", "--uuid", mapping["UUID"])


if __name__ == "__main__":
    unittest.main()
