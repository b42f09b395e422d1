"""Streams in `fluoro serve` as boto3 and the AWS CLI use them, and functions that are fed from them and from queues."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from functions import TRUST, archive
from server import REGION, Server, eventually, surroundings

PYTHON = f"python3.{sys.version_info.minor}"
AWS = os.path.join(os.path.dirname(sys.executable), "aws")

READER = '''
import base64
import json
import os


def text(record):
    return base64.b64decode(record["kinesis"]["data"]).decode() if "kinesis" in record else record["body"]


def handler(event, context):
    texts = [text(record) for record in event["Records"]]
    with open(os.environ["OUT"], "a") as out:
        out.write(json.dumps({"texts": texts, "records": event["Records"]}) + "\\n")
    mode = os.environ.get("MODE")
    if mode == "raise" and "bad" in texts:
        raise ValueError("a bad record")
    if mode == "report":
        failed = [r for r, t in zip(event["Records"], texts) if t == "bad"]
        return {"batchItemFailures": [
            {"itemIdentifier": r["kinesis"]["sequenceNumber"] if "kinesis" in r else r["messageId"]} for r in failed]}
'''


class StreamsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server("--python", sys.executable))
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="fluoro-streams-"))

    def setUp(self):
        self.kinesis = self.client("kinesis")
        self.lambda_ = self.client("lambda")
        self.name = self.id().split(".")[-1][:60]

    def client(self, service):
        return boto3.client(
            service, endpoint_url=self.server.url, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="y",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=120))

    def aws(self, *arguments):
        done = subprocess.run(
            [AWS, "--endpoint-url", self.server.url, "--output", "json", *arguments], env=surroundings(),
            capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout or "null")

    def stream(self, shards=1):
        self.kinesis.create_stream(StreamName=self.name, ShardCount=shards)
        self.kinesis.get_waiter("stream_exists").wait(StreamName=self.name)
        return self.kinesis.describe_stream_summary(StreamName=self.name)["StreamDescriptionSummary"]["StreamARN"]

    def put(self, *texts, key="k"):
        answer = self.kinesis.put_records(
            StreamName=self.name, Records=[{"Data": text.encode(), "PartitionKey": key} for text in texts])
        self.assertEqual(answer["FailedRecordCount"], 0)
        return [record["SequenceNumber"] for record in answer["Records"]]

    def function(self, mode=""):
        self.out = os.path.join(self.folder, self.name)
        role = self.client("iam").create_role(RoleName=self.name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        self.lambda_.create_function(
            FunctionName=self.name, Role=role, Runtime=PYTHON, Handler="app.handler", Timeout=20,
            Code={"ZipFile": archive(app__py=READER)}, Environment={"Variables": {"OUT": self.out, "MODE": mode}})

    def mapping(self, source, **more):
        made = self.lambda_.create_event_source_mapping(EventSourceArn=source, FunctionName=self.name, **more)
        return made["UUID"]

    def calls(self):
        """What the function got, call by call."""
        try:
            with open(self.out) as out:
                return [json.loads(line) for line in out]
        except FileNotFoundError:
            return []

    def texts(self):
        return [text for call in self.calls() for text in call["texts"]]

    def expect(self, texts):
        eventually(lambda: len(self.texts()) >= len(texts))
        self.assertEqual(self.texts(), texts)

    def test_records_go_to_the_shards_of_their_keys_and_come_back_in_order(self):
        self.stream(shards=2)
        put = {}
        for number in range(20):
            key = f"key-{number % 5}"
            shard = self.kinesis.put_record(
                StreamName=self.name, Data=str(number).encode(), PartitionKey=key)["ShardId"]
            put.setdefault(shard, []).append((key, str(number).encode()))
        shards = self.kinesis.list_shards(StreamName=self.name)["Shards"]
        for shard in shards:
            low, high = int(shard["HashKeyRange"]["StartingHashKey"]), int(shard["HashKeyRange"]["EndingHashKey"])
            iterator = self.kinesis.get_shard_iterator(
                StreamName=self.name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
            got = []
            while True:
                answer = self.kinesis.get_records(ShardIterator=iterator, Limit=3)
                got += answer["Records"]
                iterator = answer["NextShardIterator"]
                if not answer["Records"]:
                    break
            self.assertEqual(answer["MillisBehindLatest"], 0)
            self.assertEqual([(r["PartitionKey"], r["Data"]) for r in got], put.get(shard["ShardId"], []))
            numbers = [int(r["SequenceNumber"]) for r in got]
            self.assertEqual(numbers, sorted(set(numbers)))
            for record in got:
                self.assertLess(abs(record["ApproximateArrivalTimestamp"].timestamp() - time.time()), 120)
                key = int(hashlib.md5(record["PartitionKey"].encode()).hexdigest(), 16)
                self.assertTrue(low <= key <= high)
        self.kinesis.delete_stream(StreamName=self.name)
        with self.assertRaises(self.kinesis.exceptions.ResourceNotFoundException):
            self.kinesis.describe_stream(StreamName=self.name)

    def test_streams_have_retention_and_tags_and_say_what_they_cannot(self):
        self.kinesis.create_stream(StreamName=self.name, StreamModeDetails={"StreamMode": "ON_DEMAND"}, Tags={"a": "1"})
        with self.assertRaises(self.kinesis.exceptions.ResourceInUseException):
            self.kinesis.create_stream(StreamName=self.name, ShardCount=1)
        self.kinesis.increase_stream_retention_period(StreamName=self.name, RetentionPeriodHours=48)
        description = self.kinesis.describe_stream(StreamName=self.name)["StreamDescription"]
        self.assertEqual((len(description["Shards"]), description["RetentionPeriodHours"]), (4, 48))
        self.kinesis.add_tags_to_stream(StreamName=self.name, Tags={"b": "2"})
        self.kinesis.remove_tags_from_stream(StreamName=self.name, TagKeys=["a"])
        self.assertEqual(
            self.kinesis.list_tags_for_stream(StreamName=self.name)["Tags"], [{"Key": "b", "Value": "2"}])
        self.assertIn(self.name, self.kinesis.list_streams()["StreamNames"])
        with self.assertRaises(self.kinesis.exceptions.InvalidArgumentException):
            self.kinesis.split_shard(
                StreamName=self.name, ShardToSplit="shardId-000000000000", NewStartingHashKey="1")
        with self.assertRaises(ClientError) as refused:
            self.kinesis.put_record(StreamName=self.name, Data=bytes((1 << 20) + 1), PartitionKey="k")
        self.assertEqual(refused.exception.response["Error"]["Code"], "InvalidArgumentException")

    def test_the_cli_fills_and_reads_a_stream(self):
        self.aws("kinesis", "create-stream", "--stream-name", self.name, "--shard-count", "1")
        self.aws("kinesis", "wait", "stream-exists", "--stream-name", self.name)
        # Both versions of the CLI take a file's bytes as they are.
        path = os.path.join(self.folder, "record")
        with open(path, "wb") as file:
            file.write(b"hello")
        self.aws(
            "kinesis", "put-record", "--stream-name", self.name, "--partition-key", "k", "--data", f"fileb://{path}")
        iterator = self.aws(
            "kinesis", "get-shard-iterator", "--stream-name", self.name, "--shard-id", "shardId-000000000000",
            "--shard-iterator-type", "TRIM_HORIZON")["ShardIterator"]
        records = self.aws("kinesis", "get-records", "--shard-iterator", iterator)["Records"]
        self.assertEqual([(r["PartitionKey"], r["Data"]) for r in records], [("k", "aGVsbG8=")])
        description = self.aws("kinesis", "describe-stream", "--stream-name", self.name)["StreamDescription"]
        self.assertEqual(description["StreamStatus"], "ACTIVE")
        self.aws("kinesis", "delete-stream", "--stream-name", self.name)

    def test_a_function_is_fed_until_its_mapping_is_disabled_and_deleted(self):
        arn = self.stream()
        self.function()
        uuid = self.mapping(arn, StartingPosition="LATEST", BatchSize=10)
        numbers = self.put("a", "b", key="p")
        self.expect(["a", "b"])
        record = self.calls()[0]["records"][0]
        self.assertEqual(record["eventID"], f"shardId-000000000000:{numbers[0]}")
        self.assertEqual((record["eventSource"], record["eventSourceARN"]), ("aws:kinesis", arn))
        self.assertEqual(record["kinesis"]["partitionKey"], "p")
        get = lambda: self.lambda_.get_event_source_mapping(UUID=uuid)
        self.assertTrue(eventually(lambda: get()["LastProcessingResult"] == "OK"))
        self.assertEqual(get()["State"], "Enabled")
        self.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
        self.put("c")
        time.sleep(2)
        self.expect(["a", "b"])
        self.lambda_.update_event_source_mapping(UUID=uuid, Enabled=True, MaximumRetryAttempts=2)
        self.expect(["a", "b", "c"])
        self.assertEqual(get()["MaximumRetryAttempts"], 2)
        self.lambda_.delete_event_source_mapping(UUID=uuid)
        self.put("d")
        time.sleep(2)
        self.expect(["a", "b", "c"])
        self.assertEqual(self.lambda_.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"], [])

    def test_the_bad_record_is_found_by_halving_and_told_to_a_queue(self):
        arn = self.stream()
        self.function(mode="raise")
        sqs = self.client("sqs")
        queue = sqs.create_queue(QueueName=self.name)["QueueUrl"]
        target = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        numbers = self.put("a", "b", "bad", "c")
        self.mapping(
            arn, StartingPosition="TRIM_HORIZON", BisectBatchOnFunctionError=True, MaximumRetryAttempts=1,
            DestinationConfig={"OnFailure": {"Destination": target}})
        messages = eventually(lambda: sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages"))
        record = json.loads(messages[0]["Body"])
        self.assertEqual(record["requestContext"]["condition"], "RetryAttemptsExhausted")
        info = record["KinesisBatchInfo"]
        self.assertEqual((info["startSequenceNumber"], info["endSequenceNumber"]), (numbers[2], numbers[2]))
        self.assertEqual((info["batchSize"], info["streamArn"]), (1, arn))
        eventually(lambda: "c" in self.texts())
        done = [text for call in self.calls() if "bad" not in call["texts"] for text in call["texts"]]
        self.assertEqual(done, ["a", "b", "c"])

    def test_a_function_reports_which_records_failed(self):
        arn = self.stream()
        self.function(mode="report")
        self.put("a", "bad", "c")
        self.mapping(
            arn, StartingPosition="TRIM_HORIZON", MaximumRetryAttempts=1,
            FunctionResponseTypes=["ReportBatchItemFailures"])
        self.expect(["a", "bad", "c", "bad", "c", "bad", "c"])

    def test_filters_let_only_some_records_through(self):
        arn = self.stream()
        self.function()
        criteria = {"Filters": [{"Pattern": json.dumps({"data": {"price": [{"numeric": [">", 100]}]}})}]}
        self.mapping(arn, StartingPosition="TRIM_HORIZON", FilterCriteria=criteria)
        self.put('{"price": 50}', '{"price": 150}', "plain", '{"price": 250}')
        self.expect(['{"price": 150}', '{"price": 250}'])
        with self.assertRaises(self.lambda_.exceptions.InvalidParameterValueException):
            self.mapping(arn, StartingPosition="LATEST", FilterCriteria={"Filters": [{"Pattern": "{"}]})

    def test_a_queue_feeds_a_function_with_filters_and_partial_answers(self):
        self.function(mode="report")
        sqs = self.client("sqs")
        queue = sqs.create_queue(QueueName=self.name, Attributes={"VisibilityTimeout": "20"})["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.mapping(
            arn, BatchSize=10, FunctionResponseTypes=["ReportBatchItemFailures"],
            ScalingConfig={"MaximumConcurrency": 2},
            FilterCriteria={"Filters": [{"Pattern": json.dumps({"body": [{"anything-but": "no"}]})}]})
        for text in ["a", "no", "bad", "b"]:
            sqs.send_message(QueueUrl=queue, MessageBody=text)
        eventually(lambda: {"a", "bad", "b"} <= set(self.texts()))
        self.assertNotIn("no", self.texts())
        self.assertTrue(eventually(lambda: self.texts().count("bad") >= 2))
        self.assertEqual((self.texts().count("a"), self.texts().count("b")), (1, 1))

    def test_what_belongs_to_the_other_source_is_refused(self):
        arn = self.stream()
        self.function()
        for source, more in [
            (arn, {}), (arn, {"StartingPosition": "LATEST", "ScalingConfig": {"MaximumConcurrency": 2}}),
            (arn + "-none", {"StartingPosition": "LATEST"}),
            (f"arn:aws:dynamodb:{REGION}:123456789012:table/t/stream/x", {"StartingPosition": "LATEST"}),
            (f"arn:aws:sqs:{REGION}:123456789012:{self.name}", {"StartingPosition": "LATEST"}),
        ]:
            with self.subTest(source=source, more=more):
                with self.assertRaises(self.lambda_.exceptions.InvalidParameterValueException):
                    self.mapping(source, **more)


if __name__ == "__main__":
    unittest.main()
