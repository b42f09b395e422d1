"""`fluoro serve --beyond-aws`: what users asked of Lambda's tracing, with real functions, driven by boto3."""

import json
import os
import sys
import time
import unittest

import boto3
from botocore.config import Config

from functions import TRUST, archive
from server import REGION, Server, eventually

PYTHON = f"python3.{sys.version_info.minor}"

# Records while it is imported, with the SDK as it is.
LOADING = '''
from aws_xray_sdk.core import xray_recorder

with xray_recorder.in_subsegment("load") as subsegment:
    subsegment.put_annotation("rows", 3)


def handler(event, context):
    with xray_recorder.in_subsegment("sell") as subsegment:
        subsegment.put_annotation("order", event["order"])
    return event
'''

# Sends by hand, as this SDK tells nothing of what is in progress.
HANGING = '''
import json
import os
import socket
import time


def handler(event, context):
    root, parent = (part.split("=")[1] for part in os.environ["_X_AMZN_TRACE_ID"].split(";")[:2])
    document = {"id": "1111111111111111", "name": "endless", "type": "subsegment", "trace_id": root, "parent_id": parent,
                "start_time": time.time(), "in_progress": True}
    host, port = os.environ["AWS_XRAY_DAEMON_ADDRESS"].split(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.sendto(b'{"format":"json","version":1}\\n' + json.dumps(document).encode(), (host, int(port)))
    time.sleep(event.get("sleep", 0))
'''


class BeyondTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(
            Server("--python", sys.executable, "--beyond-aws", "initialization,annotations,senders,fan-in,timeouts"))

    def setUp(self):
        self.lambda_ = self.client("lambda")
        self.xray = self.server.client()

    def client(self, service):
        return boto3.client(
            service, endpoint_url=self.server.url, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="y",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=120))

    def function(self, name, code, *policies, **more):
        iam = self.client("iam")
        role = iam.create_role(RoleName=f"{name}-role", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        for policy in policies:
            iam.attach_role_policy(RoleName=f"{name}-role", PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
        self.lambda_.create_function(
            FunctionName=name, Role=role, Runtime=PYTHON, Handler="app.handler", Code={"ZipFile": archive(app__py=code)},
            Timeout=more.pop("Timeout", 60), **more)

    @staticmethod
    def root():
        return f"1-{int(time.time()):08x}-{os.urandom(12).hex()}"

    def invoke(self, name, event):
        """Invokes in a sampled trace of its own, and gives its id."""
        root = self.root()
        client = self.client("lambda")
        client.meta.events.register(
            "before-call.lambda.Invoke",
            lambda params, **_: params["headers"].update({"X-Amzn-Trace-Id": f"Root={root};Sampled=1"}))
        client.invoke(FunctionName=name, Payload=json.dumps(event))
        return root

    def documents(self, root):
        traces = self.xray.batch_get_traces(TraceIds=[root])["Traces"]
        return [json.loads(segment["Document"]) for trace in traces for segment in trace["Segments"]]

    def find(self, root, condition):
        """The segment or subsegment of a trace for which the condition holds, once there is one."""
        def search(entity):
            if condition(entity):
                return entity
            return next(filter(None, map(search, entity.get("subsegments", []))), None)

        found = eventually(lambda: next(filter(None, map(search, self.documents(root))), None))
        self.assertIsNotNone(found, self.documents(root))
        return found

    def named(self, root, name):
        return self.find(root, lambda entity: entity["name"] == name)

    def within(self, root, outer, inner):
        """The subsegment `inner` directly below the one called `outer`."""
        holder = self.find(
            root, lambda entity: entity["name"] == outer
            and any(part["name"] == inner for part in entity.get("subsegments", [])))
        return next(part for part in holder["subsegments"] if part["name"] == inner)

    def test_what_is_done_before_the_handler_is_below_initialization(self):
        self.function("loading", LOADING, "AWSXRayDaemonWriteAccess")
        cold = self.invoke("loading", {"order": "o-1"})
        self.assertEqual(self.within(cold, "Initialization", "load")["annotations"], {"rows": 3})
        self.assertEqual(self.within(cold, "Invocation", "sell")["annotations"], {"order": "o-1"})
        warm = self.invoke("loading", {"order": "o-2"})
        self.assertEqual(self.within(warm, "Invocation", "sell")["annotations"], {"order": "o-2"})

    def test_the_function_is_found_by_its_annotations(self):
        self.function("selling", LOADING, "AWSXRayDaemonWriteAccess")
        root = self.invoke("selling", {"order": "o-7"})
        function = self.find(root, lambda entity: entity.get("origin") == "AWS::Lambda::Function")
        # Beside those of Lambda itself.
        own = {name: value for name, value in function["annotations"].items() if not name.startswith("aws:")}
        self.assertEqual(own, {"order": "o-7"})

        def found():
            now = time.time()
            summaries = self.xray.get_trace_summaries(
                StartTime=now - 600, EndTime=now + 60, FilterExpression='annotation.order = "o-7"')["TraceSummaries"]
            return [
                service for summary in summaries if summary["Id"] == root
                for value in summary["Annotations"].get("order", []) for service in value["ServiceIds"]]

        services = eventually(found)
        self.assertIn("AWS::Lambda::Function", {service.get("Type") for service in services})

    def test_nothing_stays_pending_after_a_timeout(self):
        self.function("hanging", HANGING, "AWSXRayDaemonWriteAccess", Timeout=5)
        root = self.invoke("hanging", {"sleep": 60})
        part = self.find(root, lambda entity: entity["name"] == "endless" and "end_time" in entity)
        self.assertTrue(part["fault"])
        self.assertEqual(part["cause"]["exceptions"][0]["message"], "Task timed out after 5.00 seconds")

    def test_a_function_sends_as_its_role_allows(self):
        self.function("silent", HANGING, "service-role/AWSLambdaBasicExecutionRole")
        root = self.invoke("silent", {})
        self.find(root, lambda entity: entity.get("origin") == "AWS::Lambda")
        self.assertEqual([document.get("origin") for document in self.documents(root)], ["AWS::Lambda"])

    # Queues

    def sender(self):
        """A producer's trace with a call of SQS: the trace and the header that it gives its message."""
        root, segment, call = self.root(), os.urandom(8).hex(), os.urandom(8).hex()
        now = time.time()
        self.xray.put_trace_segments(TraceSegmentDocuments=[json.dumps({
            "id": segment, "trace_id": root, "name": "shop", "start_time": now - 0.1, "end_time": now,
            "subsegments": [{
                "id": call, "name": "SQS", "namespace": "aws", "start_time": now - 0.09, "end_time": now - 0.01}]})])
        return root, call, f"Root={root};Parent={call};Sampled=1"

    def feed(self, function, queue, *headers):
        """Sends a message with each header, and then has the function fed from the queue."""
        self.function(
            function, HANGING, "AWSXRayDaemonWriteAccess", "service-role/AWSLambdaSQSQueueExecutionRole")
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName=queue, Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
        for header in headers:
            sqs.send_message(
                QueueUrl=url, MessageBody="{}",
                MessageSystemAttributes={"AWSTraceHeader": {"StringValue": header, "DataType": "String"}})
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.lambda_.create_event_source_mapping(EventSourceArn=arn, FunctionName=function, BatchSize=10)

    def test_a_batch_goes_on_in_the_trace_of_its_sender(self):
        root, call, header = self.sender()
        self.feed("continuing", "one-sender", header, header)
        service = self.find(root, lambda entity: entity.get("origin") == "AWS::Lambda")
        self.assertEqual((service["name"], service["parent_id"]), ("continuing", call))
        self.find(root, lambda entity: entity.get("origin") == "AWS::Lambda::Function")

    def test_senders_of_a_batch_are_linked_to_its_trace(self):
        first, second = self.sender(), self.sender()
        self.feed("joining", "two-senders", first[2], second[2])
        links = []
        for root, _, _ in (first, second):
            delivery = self.within(root, "SQS", "joining")
            self.assertEqual(delivery["links"][0]["attributes"]["aws.xray.reserved.reference_type"], "child")
            links.append(delivery["links"][0])
        self.assertEqual(links[0]["trace_id"], links[1]["trace_id"])
        self.assertNotIn(links[0]["trace_id"], (first[0], second[0]))
        service = self.find(links[0]["trace_id"], lambda entity: entity["id"] == links[0]["id"])
        self.assertEqual((service["name"], service["origin"]), ("joining", "AWS::Lambda"))

        def edges():
            now = time.time()
            services = self.xray.get_service_graph(StartTime=now - 600, EndTime=now + 60)["Services"]
            consumers = {service["ReferenceId"] for service in services if service["Name"] == "joining"}
            return [
                edge for service in services if service["Name"] == "shop" for edge in service["Edges"]
                if edge["ReferenceId"] in consumers and edge.get("EdgeType") == "link"]

        self.assertTrue(eventually(edges))


if __name__ == "__main__":
    unittest.main()
