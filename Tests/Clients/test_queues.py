"""Queues in `fluoro serve`, driven by boto3 and the AWS CLI, and the functions that are fed from them."""

import json
import os
import subprocess
import sys
import threading
import time
import unittest

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from functions import TRUST, archive
from server import PATIENCE, REGION, Server, eventually, surroundings

AWS = os.path.join(os.path.dirname(sys.executable), "aws")
PYTHON = f"python3.{sys.version_info.minor}"
SENDER = {"trace": "1-58406520-a006649127e371903a2de979", "id": "4c721bf33e3caf8f"}
HEADER = f"Root={SENDER['trace']};Parent={SENDER['id']};Sampled=1"

# Fails for bodies that say so, and reports those when it was asked to.
WORKER = '''
import os


def handler(event, context):
    records = event.get("Records", [])
    bad = [record["messageId"] for record in records if record["body"] == "bad"]
    if bad and not os.environ.get("REPORTS") or event.get("fail"):
        raise ValueError("as you wish")
    return {"batchItemFailures": [{"itemIdentifier": id} for id in bad]}
'''


class QueuesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # A message that failed comes again after the time that its function may take: a quarter of it here.
        cls.server = cls.enterClassContext(Server("--python", sys.executable, "--time-scale", "4"))

    def setUp(self):
        self.sqs = self.client("sqs")
        self.lambda_ = self.client("lambda")

    def client(self, service):
        return boto3.client(
            service, endpoint_url=self.server.url, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="y",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=120))

    def queue(self, name, **attributes):
        """A queue's URL and its ARN."""
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, self.attribute(url, "QueueArn")

    def attribute(self, url, name):
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]

    def receive(self, url, **more):
        return self.sqs.receive_message(
            QueueUrl=url, **{"WaitTimeSeconds": 20, "AttributeNames": ["All"], "MessageAttributeNames": ["All"], **more}
        ).get("Messages", [])

    def wait_for(self, url):
        """The first message that comes."""
        messages = eventually(lambda: self.receive(url), PATIENCE)
        self.assertTrue(messages)
        return messages[0]

    def function(self, name, **more):
        iam = self.client("iam")
        role = iam.create_role(RoleName=f"{name}-role", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        iam.attach_role_policy(
            RoleName=f"{name}-role", PolicyArn="arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess")
        return self.lambda_.create_function(
            FunctionName=name, Role=role, Runtime=PYTHON, Handler="app.handler",
            Code={"ZipFile": archive(app__py=WORKER)}, Timeout=60, TracingConfig={"Mode": "Active"}, **more)

    def feed(self, arn, name, **more):
        return self.lambda_.create_event_source_mapping(EventSourceArn=arn, FunctionName=name, **more)

    # Clients alone

    def test_messages_are_sent_received_and_deleted(self):
        url, _ = self.queue("plain")
        # boto3 compares the digests of what it sends and receives.
        self.sqs.send_message(QueueUrl=url, MessageBody="héllo", MessageAttributes={
            "n": {"DataType": "Number", "StringValue": "1.5"}, "b": {"DataType": "Binary", "BinaryValue": b"\x00\x01"}})
        [message] = self.receive(url)
        self.assertEqual(message["Body"], "héllo")
        self.assertEqual(message["MessageAttributes"]["b"]["BinaryValue"], b"\x00\x01")
        self.assertEqual(message["Attributes"]["ApproximateReceiveCount"], "1")
        self.assertEqual(self.receive(url, WaitTimeSeconds=0), [])
        self.sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
        [again] = self.receive(url, WaitTimeSeconds=0)
        self.assertEqual(again["MessageId"], message["MessageId"])
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
        self.assertEqual(self.attribute(url, "ApproximateNumberOfMessagesNotVisible"), "0")
        with self.assertRaises(self.sqs.exceptions.ReceiptHandleIsInvalid):
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle="none")
        with self.assertRaises(self.sqs.exceptions.QueueDoesNotExist):
            self.sqs.get_queue_url(QueueName="no-such-queue")

    def test_batches_succeed_or_fail_one_by_one(self):
        url, _ = self.queue("batches")
        sent = self.sqs.send_message_batch(QueueUrl=url, Entries=[
            {"Id": str(number), "MessageBody": f"m{number}"} for number in range(9)] + [
            {"Id": "bad", "MessageBody": "\x01"}])
        self.assertEqual(len(sent["Successful"]), 9)
        self.assertEqual([entry["Code"] for entry in sent["Failed"]], ["InvalidMessageContents"])
        messages = self.receive(url, MaxNumberOfMessages=10)
        self.assertEqual([message["Body"] for message in messages], [f"m{number}" for number in range(9)])
        gone = self.sqs.delete_message_batch(QueueUrl=url, Entries=[
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]} for number, message in enumerate(messages)])
        self.assertEqual(len(gone["Successful"]), 9)

    def test_a_long_poll_ends_with_the_message(self):
        url, _ = self.queue("slow")
        timer = threading.Timer(1, lambda: self.client("sqs").send_message(QueueUrl=url, MessageBody="late"))
        timer.start()
        self.addCleanup(timer.join)
        start = time.monotonic()
        self.assertEqual([message["Body"] for message in self.receive(url)], ["late"])
        self.assertGreater(time.monotonic() - start, 0.9)

    def test_a_fifo_queue_keeps_order_and_drops_duplicates(self):
        url, _ = self.queue("ordered.fifo", FifoQueue="true", ContentBasedDeduplication="true")
        sent = [
            self.sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=body[0])
            for body in ("a1", "a2", "b1", "a1")]
        self.assertEqual(sent[0]["MessageId"], sent[3]["MessageId"])
        [first] = self.receive(url)
        self.assertEqual(first["Body"], "a1")
        # The group waits for its first message.
        self.assertEqual([message["Body"] for message in self.receive(url, MaxNumberOfMessages=10)], ["b1"])
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
        self.assertEqual([message["Body"] for message in self.receive(url, MaxNumberOfMessages=10)], ["a2"])

    def test_queues_are_there_after_a_restart(self):
        with Server() as server:
            def client():
                return boto3.client(
                    "sqs", endpoint_url=server.url, region_name=REGION, aws_access_key_id="x",
                    aws_secret_access_key="y")
            client().create_queue(QueueName="kept", Attributes={"DelaySeconds": "7"}, tags={"k": "v"})
            server.restart()
            url = client().get_queue_url(QueueName="kept")["QueueUrl"]
            attributes = client().get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])["Attributes"]
            self.assertEqual(attributes, {"DelaySeconds": "7"})
            self.assertEqual(client().list_queue_tags(QueueUrl=url)["Tags"], {"k": "v"})

    def test_the_aws_cli_fills_and_reads(self):
        def aws(*arguments):
            done = subprocess.run(
                [AWS, "sqs", *arguments, "--endpoint-url", self.server.url, "--output", "json"], env=surroundings(),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
            self.assertEqual(done.returncode, 0, done.stderr)
            return json.loads(done.stdout) if done.stdout.strip() else {}

        url = aws("create-queue", "--queue-name", "typed")["QueueUrl"]
        aws("send-message", "--queue-url", url, "--message-body", "hello")
        [message] = aws("receive-message", "--queue-url", url, "--wait-time-seconds", "20")["Messages"]
        self.assertEqual(message["Body"], "hello")
        aws("delete-message", "--queue-url", url, "--receipt-handle", message["ReceiptHandle"])
        self.assertIn(url, aws("list-queues")["QueueUrls"])
        aws("delete-queue", "--queue-url", url)
        with self.assertRaises(ClientError):
            self.sqs.get_queue_url(QueueName="typed")

    # Functions

    def documents(self, name):
        """The segments of the function `name`."""
        xray, now = self.client("xray"), time.time()
        summaries = xray.get_trace_summaries(
            StartTime=now - 3600, EndTime=now + 60, FilterExpression=f'service("{name}")')["TraceSummaries"]
        if not summaries:
            return []
        traces = xray.batch_get_traces(TraceIds=[summary["Id"] for summary in summaries[:5]])["Traces"]
        documents = [json.loads(segment["Document"]) for trace in traces for segment in trace["Segments"]]
        return [document for document in documents if document.get("origin") == "AWS::Lambda::Function"]

    def test_a_function_is_fed_with_links_to_the_senders(self):
        url, arn = self.queue("links", VisibilityTimeout="60")
        self.function("linked")
        self.feed(arn, "linked")
        self.sqs.send_message(QueueUrl=url, MessageBody="good", MessageSystemAttributes={
            "AWSTraceHeader": {"DataType": "String", "StringValue": HEADER}})

        def links():
            parts = [part for document in self.documents("linked") for part in document.get("subsegments", [])]
            return [link for part in parts for link in part.get("links", [])]
        found = eventually(links)
        self.assertTrue(found)
        self.assertEqual((found[0]["trace_id"], found[0]["id"]), (SENDER["trace"], SENDER["id"]))

        def counts():
            names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
            answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
            return set(answer["Attributes"].values()) == {"0"}
        self.assertTrue(eventually(counts))

    def test_a_message_that_always_fails_is_a_dead_letter(self):
        dead, dead_arn = self.queue("failing-dead")
        url, arn = self.queue("failing", VisibilityTimeout="60", RedrivePolicy=json.dumps(
            {"deadLetterTargetArn": dead_arn, "maxReceiveCount": "2"}))
        self.function("failing")
        self.feed(arn, "failing")
        sent = self.sqs.send_message(QueueUrl=url, MessageBody="bad")
        letter = self.wait_for(dead)
        self.assertEqual((letter["MessageId"], letter["Body"]), (sent["MessageId"], "bad"))
        self.assertEqual(letter["Attributes"]["DeadLetterQueueSourceArn"], arn)

    def test_a_function_reports_the_messages_that_failed(self):
        dead, dead_arn = self.queue("partial-dead")
        url, arn = self.queue("partial", VisibilityTimeout="60", RedrivePolicy=json.dumps(
            {"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1}))
        self.function("partial", Environment={"Variables": {"REPORTS": "1"}})
        self.sqs.send_message_batch(QueueUrl=url, Entries=[
            {"Id": str(number), "MessageBody": body} for number, body in enumerate(["good", "bad", "good"])])
        self.feed(arn, "partial", FunctionResponseTypes=["ReportBatchItemFailures"])
        self.assertEqual(self.wait_for(dead)["Body"], "bad")
        self.assertEqual(self.receive(dead, WaitTimeSeconds=2), [])
        self.assertEqual(self.attribute(url, "ApproximateNumberOfMessages"), "0")

    def test_events_tell_their_destinations(self):
        good, good_arn = self.queue("succeeded")
        bad, bad_arn = self.queue("failed")
        self.function("told")
        self.lambda_.put_function_event_invoke_config(
            FunctionName="told", MaximumRetryAttempts=0, DestinationConfig={
                "OnSuccess": {"Destination": good_arn}, "OnFailure": {"Destination": bad_arn}})
        for event, url, condition in (({}, good, "Success"), ({"fail": True}, bad, "RetriesExhausted")):
            self.lambda_.invoke(FunctionName="told", InvocationType="Event", Payload=json.dumps(event))
            record = json.loads(self.wait_for(url)["Body"])
            self.assertEqual(record["requestPayload"], event)
            self.assertEqual(record["requestContext"]["condition"], condition)

    def test_a_dead_letter_config_names_a_queue(self):
        url, arn = self.queue("letters")
        self.function("dying", DeadLetterConfig={"TargetArn": arn})
        self.lambda_.put_function_event_invoke_config(FunctionName="dying", MaximumRetryAttempts=0)
        self.lambda_.invoke(FunctionName="dying", InvocationType="Event", Payload=json.dumps({"fail": True}))
        letter = self.wait_for(url)
        self.assertEqual(json.loads(letter["Body"]), {"fail": True})
        self.assertEqual(letter["MessageAttributes"]["ErrorMessage"]["StringValue"], "as you wish")
        self.assertIn("AWSTraceHeader", letter["Attributes"])


if __name__ == "__main__":
    unittest.main()
