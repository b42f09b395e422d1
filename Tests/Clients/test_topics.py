"""Topics in `fluoro serve`: boto3 and the AWS CLI make and feed them; queues and functions get what is published."""

import json
import os
import subprocess
import sys
import time
import unittest

import boto3
from botocore.config import Config

from documents import now, trace_id
from functions import PLAIN, TRUST, archive
from server import PATIENCE, REGION, Server, eventually, surroundings

AWS = os.path.join(os.path.dirname(sys.executable), "aws")
PYTHON = f"python3.{sys.version_info.minor}"


class TopicsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server("--python", sys.executable))

    def setUp(self):
        self.sns = self.client("sns")
        self.sqs = self.client("sqs")
        self.lambda_ = self.client("lambda")
        self.xray = self.client("xray")

    def client(self, service):
        return boto3.client(
            service, endpoint_url=self.server.url, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="y",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=PATIENCE, proxies={}))

    def traced(self, client, operation):
        """Every such call is in one trace, which is given: its id, and the parent that the caller names."""
        root = trace_id(now(), int(time.monotonic_ns()) & 0xFFFFFFFF)
        parent = f"{time.monotonic_ns() & 0xFFFFFFFFFFFFFFFF | 1:016x}"

        def add(request, **_):
            request.headers["X-Amzn-Trace-Id"] = f"Root={root};Parent={parent};Sampled=1"
        client.meta.events.register(f"before-send.{client.meta.service_model.endpoint_prefix}.{operation}", add)
        return root, parent

    def queue(self, name, **attributes):
        """The URL of a new queue and its ARN."""
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def receive(self, url):
        """The next message of a queue, which is taken out of it."""
        def next_message():
            return self.sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=1, MessageAttributeNames=["All"], AttributeNames=["All"],
                WaitTimeSeconds=1).get("Messages")
        messages = eventually(next_message)
        self.assertTrue(messages, url)
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])
        return messages[0]

    def function(self, name, code=PLAIN):
        iam = self.client("iam")
        role = iam.create_role(RoleName=f"{name}-role", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        iam.attach_role_policy(RoleName=f"{name}-role", PolicyArn="arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess")
        return self.lambda_.create_function(
            FunctionName=name, Role=role, Runtime=PYTHON, Handler="app.handler", Timeout=60,
            Code={"ZipFile": archive(app__py=code)})["FunctionArn"]

    def documents(self, root, enough):
        """The documents of a trace, once `enough` says so."""
        def found():
            traces = self.xray.batch_get_traces(TraceIds=[root])["Traces"]
            documents = [json.loads(segment["Document"]) for trace in traces for segment in trace["Segments"]]
            return documents if enough(documents) else None
        documents = eventually(found)
        self.assertIsNotNone(documents, self.xray.batch_get_traces(TraceIds=[root])["Traces"])
        return documents

    @staticmethod
    def ran(*names):
        """Whether all these functions have run in a trace."""
        return lambda documents: set(names) <= {
            document["name"] for document in documents if document.get("origin") == "AWS::Lambda::Function"}

    def test_a_queue_and_a_function_get_what_is_published_in_the_publishers_trace(self):
        topic = self.sns.create_topic(Name="orders")["TopicArn"]
        url, queue = self.queue("orders")
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
        subscription = self.sns.subscribe(
            TopicArn=topic, Protocol="lambda", Endpoint=self.function("listener"),
            ReturnSubscriptionArn=True)["SubscriptionArn"]
        self.assertTrue(subscription.startswith(topic + ":"))
        root, parent = self.traced(self.sns, "Publish")
        published = self.sns.publish(
            TopicArn=topic, Message="hello", Subject="greeting",
            MessageAttributes={"kind": {"DataType": "String", "StringValue": "test"}})

        message = self.receive(url)
        self.assertIn(f"Root={root};Parent={parent};Sampled=1", message["Attributes"]["AWSTraceHeader"])
        envelope = json.loads(message["Body"])
        self.assertEqual(
            {key: envelope[key] for key in ("Type", "MessageId", "TopicArn", "Subject", "Message", "MessageAttributes")},
            {"Type": "Notification", "MessageId": published["MessageId"], "TopicArn": topic, "Subject": "greeting",
             "Message": "hello", "MessageAttributes": {"kind": {"Type": "String", "Value": "test"}}})

        documents = self.documents(root, self.ran("listener"))
        service = next(document for document in documents if document.get("origin") == "AWS::Lambda")
        self.assertEqual((service["parent_id"], service["http"]["response"]["status"]), (parent, 202))

    def test_filter_policies_and_raw_delivery(self):
        topic = self.sns.create_topic(Name="filtered")["TopicArn"]
        raw_url, raw = self.queue("filtered-raw")
        body_url, by_body = self.queue("filtered-body")
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=raw, Attributes={
            "RawMessageDelivery": "true",
            "FilterPolicy": json.dumps({"store": [{"prefix": "north"}], "price": [{"numeric": [">=", 100]}]})})
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=by_body, Attributes={
            "FilterPolicyScope": "MessageBody", "FilterPolicy": json.dumps({"order": {"state": ["paid"]}})})

        def publish(store, price, state):
            self.sns.publish(
                TopicArn=topic, Message=json.dumps({"order": {"state": state}}), MessageAttributes={
                    "store": {"DataType": "String", "StringValue": store},
                    "price": {"DataType": "Number", "StringValue": str(price)}})
        publish("south", 500, "open")
        publish("north-1", 20, "paid")
        publish("north-2", 100, "open")

        message = self.receive(raw_url)
        self.assertEqual(json.loads(message["Body"]), {"order": {"state": "open"}})
        self.assertEqual(message["MessageAttributes"]["store"]["StringValue"], "north-2")
        envelope = json.loads(self.receive(body_url)["Body"])
        self.assertEqual(envelope["MessageAttributes"]["store"]["Value"], "north-1")
        for url in (raw_url, body_url):
            self.assertNotIn("Messages", self.sqs.receive_message(QueueUrl=url))

    def test_a_fifo_topic_keeps_the_order_and_drops_what_comes_twice(self):
        topic = self.sns.create_topic(
            Name="orders.fifo", Attributes={"FifoTopic": "true", "ContentBasedDeduplication": "true"})["TopicArn"]
        url, queue = self.queue("orders.fifo", FifoQueue="true")
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
        answer = self.sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[
            {"Id": f"m{index}", "Message": text, "MessageGroupId": "g"} for index, text in enumerate("abac")])
        self.assertEqual(answer.get("Failed", []), [])
        numbers = {entry["Id"]: entry["SequenceNumber"] for entry in answer["Successful"]}
        self.assertLess(numbers["m0"], numbers["m1"])
        self.assertEqual(numbers["m0"], numbers["m2"])
        self.assertEqual([self.receive(url)["Body"] for _ in range(3)], ["a", "b", "c"])

    def test_a_destination_may_be_a_function_and_both_are_in_one_trace(self):
        first = self.function("first")
        self.lambda_.put_function_event_invoke_config(
            FunctionName=first, DestinationConfig={"OnSuccess": {"Destination": self.function("second")}})
        root, _ = self.traced(self.lambda_, "Invoke")
        self.lambda_.invoke(FunctionName="first", InvocationType="Event", Payload=b'{"order": 7}')
        documents = self.documents(root, self.ran("first", "second"))
        services = {document["name"]: document for document in documents if document.get("origin") == "AWS::Lambda"}
        self.assertEqual(services["second"]["parent_id"], services["first"]["id"])
        self.assertEqual({document["http"]["response"]["status"] for document in services.values()}, {202})

    def test_a_failure_goes_over_a_topic_into_a_queue(self):
        topic = self.sns.create_topic(Name="failures")["TopicArn"]
        url, queue = self.queue("failures")
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
        self.function("failing")
        self.lambda_.put_function_event_invoke_config(
            FunctionName="failing", MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": topic}})
        root, _ = self.traced(self.lambda_, "Invoke")
        self.lambda_.invoke(FunctionName="failing", InvocationType="Event", Payload=b'{"fail": true}')
        message = self.receive(url)
        record = json.loads(json.loads(message["Body"])["Message"])
        self.assertEqual(record["requestContext"]["condition"], "RetriesExhausted")
        self.assertEqual(record["requestPayload"], {"fail": True})
        self.assertEqual(record["responsePayload"]["errorType"], "ValueError")
        self.assertIn(f"Root={root};", message["Attributes"]["AWSTraceHeader"])

    def test_topics_outlive_the_server(self):
        with Server() as server:
            self.server, before = server, self.server
            try:
                self.setUp()
                topic = self.sns.create_topic(Name="lasting", Tags=[{"Key": "a", "Value": "b"}])["TopicArn"]
                queue = f"arn:aws:sqs:{REGION}:{topic.split(':')[4]}:lasting"
                subscription = self.sns.subscribe(
                    TopicArn=topic, Protocol="sqs", Endpoint=queue, ReturnSubscriptionArn=True,
                    Attributes={"FilterPolicy": '{"a": ["b"]}'})["SubscriptionArn"]
                server.restart()
                self.setUp()
                self.assertEqual(self.sns.list_topics()["Topics"], [{"TopicArn": topic}])
                self.assertEqual(
                    self.sns.list_tags_for_resource(ResourceArn=topic)["Tags"], [{"Key": "a", "Value": "b"}])
                attributes = self.sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
                self.assertEqual((attributes["Endpoint"], attributes["FilterPolicy"]), (queue, '{"a": ["b"]}'))
            finally:
                self.server = before

    def test_what_cannot_be_is_refused(self):
        topic = self.sns.create_topic(Name="strict")["TopicArn"]
        with self.assertRaises(self.sns.exceptions.InvalidParameterException):
            self.sns.subscribe(TopicArn=topic, Protocol="https", Endpoint="https://example.com")
        with self.assertRaises(self.sns.exceptions.NotFoundException):
            self.sns.publish(TopicArn=topic + "er", Message="x")
        with self.assertRaises(self.sns.exceptions.InvalidParameterException):
            self.sns.publish(TopicArn=topic, Message="x" * 262_145)
        self.function("plain")
        with self.assertRaises(self.lambda_.exceptions.InvalidParameterValueException):
            self.lambda_.put_function_event_invoke_config(FunctionName="plain", DestinationConfig={
                "OnFailure": {"Destination": f"arn:aws:events:{REGION}:000000000000:event-bus/default"}})

    def test_the_aws_cli_publishes(self):
        url, queue = self.queue("typed")

        def aws(*arguments):
            done = subprocess.run(
                [AWS, "sns", *arguments, "--endpoint-url", self.server.url, "--output", "json"], env=surroundings(),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
            self.assertEqual(done.returncode, 0, done.stderr)
            return json.loads(done.stdout) if done.stdout.strip() else {}
        topic = aws("create-topic", "--name", "typed")["TopicArn"]
        aws("subscribe", "--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint", queue,
            "--attributes", "RawMessageDelivery=true")
        [subscription] = aws("list-subscriptions-by-topic", "--topic-arn", topic)["Subscriptions"]
        self.assertEqual(subscription["Endpoint"], queue)
        aws("publish", "--topic-arn", topic, "--message", "by hand")
        self.assertEqual(self.receive(url)["Body"], "by hand")
        aws("delete-topic", "--topic-arn", topic)
        self.assertNotIn({"TopicArn": topic}, aws("list-topics")["Topics"])


if __name__ == "__main__":
    unittest.main()
