"""Thousands of generated requests: each is answered or refused in the API's own form, and the server stays as it was.

`GENERATED_REQUESTS` (20000) says how many, `GENERATED_SEED` (1) which.
"""

import collections
import http.client
import json
import os
import threading
import time
import unittest

from botocore.parsers import create_parser
from botocore.session import Session

from documents import now, order, put, trace_id
from generator import Generator
from server import Server
from shapes import misfits

REQUESTS = int(os.environ.get("GENERATED_REQUESTS", "20000"))
SEED = int(os.environ.get("GENERATED_SEED", "1"))
THREADS = 3
# No fewer than were asked for.
EACH = -(-REQUESTS // THREADS)
MODEL = Session().get_service_model("xray")
# What all of AWS's services answer, beside the errors in the model.
COMMON = {
    "SerializationException", "ValidationException", "UnknownOperationException", "InvalidRequestException",
    "ThrottledException", "RequestEntityTooLargeException",
    "UnsupportedMediaTypeException", "MethodNotAllowedException"}


class Caller(threading.Thread):
    """Sends one stream of requests over a connection that it keeps, and notes what is wrong with the answers."""

    def __init__(self, server, seed, count, begin):
        super().__init__()
        self.server, self.count = server, count
        self.generator = Generator(seed, MODEL, begin)
        self.parser = create_parser("rest-json")
        self.connection = None
        self.statuses = collections.Counter()
        self.kinds = collections.Counter()
        self.failures = []
        self.accepted = self.called = 0
        self.made = collections.defaultdict(set)
        self.slowest = (0, None)

    def run(self):
        for _ in range(self.count):
            request = self.generator.request()
            self.called += 1
            try:
                self.call(request)
            except Exception as error:
                self.note(request, f"no answer: {error!r}")
                self.connection = None
        if self.connection is not None:
            self.connection.close()

    def note(self, request, what):
        self.failures.append(
            f"{request.operation} ({request.kind}) {request.method} {request.path[:80]} {request.content_type} "
            f"{request.body[:600]!r}: {what}")

    def call(self, request):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        begin = time.monotonic()
        headers = {"Content-Type": request.content_type.encode("latin-1")} if request.content_type else {}
        self.connection.request(request.method, request.path, request.body, headers)
        answer = self.connection.getresponse()
        body = answer.read()
        seconds = time.monotonic() - begin
        self.slowest = max(self.slowest, (seconds, request.operation), key=lambda pair: pair[0])
        if answer.will_close:
            self.connection.close()
            self.connection = None
        self.statuses[request.operation, answer.status] += 1
        self.kinds[request.kind, answer.status] += 1
        if seconds > 10:
            self.note(request, f"took {seconds:.1f} s")
        if answer.status == 200:
            self.check_result(request, answer, body)
        else:
            self.check_refusal(request, answer, body)

    def check_result(self, request, answer, body):
        if request.wrong:
            self.note(request, f"200 {body[:200]!r}")
        shape = MODEL.operation_model(request.operation).output_shape
        result = json.loads(body)
        found = misfits(result, shape)
        if found:
            self.note(request, f"200 {found[:5]}")
        parsed = self.parser.parse({"status_code": 200, "headers": dict(answer.getheaders()), "body": body}, shape)
        if request.operation == "PutTraceSegments":
            put_documents = json.loads(request.body)["TraceSegmentDocuments"]
            self.accepted += len(put_documents) - len(parsed["UnprocessedTraceSegments"])
        for holder, name in [("Group", "GroupName"), ("ResourcePolicy", "PolicyName")]:
            if holder in parsed:
                self.made[name].add(parsed[holder][name])
        if "SamplingRuleRecord" in parsed:
            self.made["RuleName"].add(parsed["SamplingRuleRecord"]["SamplingRule"]["RuleName"])
        self.generator.learn(request, result)

    def check_refusal(self, request, answer, body):
        if not 400 <= answer.status < 500:
            return self.note(request, f"{answer.status} {body[:300]!r}")
        name = (answer.headers["x-amzn-ErrorType"] or "").partition(":")[0]
        allowed = COMMON | {shape.name for shape in MODEL.operation_model(request.operation).error_shapes}
        message = json.loads(body).get("Message") or json.loads(body).get("message")
        if not message or (name not in allowed):
            self.note(request, f"{answer.status} {name} {body[:300]!r}")


class GeneratedTest(unittest.TestCase):
    def test_every_request_is_answered_and_the_server_stays_as_it_was(self):
        with Server() as server:
            xray = server.client()
            begin = now()
            ids = [trace_id(begin + index, index) for index in range(40)]
            documents = [
                document for index, trace in enumerate(ids) for document in order(trace, begin + index, index % 3 == 0)]
            put(xray, documents)
            xray.create_group(GroupName="kept", FilterExpression="fault", Tags=[{"Key": "of", "Value": "mine"}])
            before = self.state(xray, ids)
            started = time.monotonic()
            callers = [Caller(server, SEED * 100 + index, EACH, begin) for index in range(THREADS)]
            for caller in callers:
                caller.start()
            for caller in callers:
                caller.join()
            self.summarize(callers, time.monotonic() - started, server)
            self.assertIsNone(server.process.poll(), server.logged()[-2000:])
            self.assertTrue(server.get("/healthz"))
            xray.update_trace_segment_destination(Destination="XRay")
            self.check_made(xray, callers)
            with self.subTest("what was taken"):
                self.check_readable(xray, begin)
            after = self.state(xray, ids)
            server.stop()
            stored = server.ask("check")["documents"]
        failures = [failure for caller in callers for failure in caller.failures]
        if path := os.environ.get("GENERATED_FAILURES"):
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(failure + "\n" for failure in failures)
        with self.subTest("answers"):
            self.assertEqual(sum(caller.called for caller in callers), EACH * THREADS)
            self.assertEqual(len(failures), 0, "\n".join(failures[:10]))
        with self.subTest("what was put before"):
            self.assertEqual(after, before)
        with self.subTest("documents"):
            self.assertEqual(stored, len(documents) + sum(caller.accepted for caller in callers))
        with self.subTest("every operation"):
            succeeded = {name for caller in callers for name, status in caller.statuses if status == 200}
            # Nobody had an insight.
            self.assertGreaterEqual(succeeded, set(MODEL.operation_names) - {
                "GetInsight", "GetInsightEvents", "GetInsightImpactGraph"})

    def state(self, xray, ids):
        """What was there before the generated requests, as the API tells it."""
        answers = [xray.batch_get_traces(TraceIds=ids[index:index + 5]) for index in range(0, len(ids), 5)]
        traces = [trace for answer in answers for trace in answer["Traces"]]
        group = xray.get_group(GroupName="kept")["Group"]
        return traces, group, xray.list_tags_for_resource(ResourceARN=group["GroupARN"])["Tags"]

    def check_made(self, xray, callers):
        """Nothing is there that no successful request made."""
        made = collections.defaultdict(set)
        for caller in callers:
            for name in caller.made:
                made[name] |= caller.made[name]
        groups = {group["GroupName"] for group in xray.get_groups()["Groups"]}
        rules = {record["SamplingRule"]["RuleName"] for record in xray.get_sampling_rules()["SamplingRuleRecords"]}
        policies = {policy["PolicyName"] for policy in xray.list_resource_policies()["ResourcePolicies"]}
        self.assertLessEqual(groups, made["GroupName"] | {"Default", "kept"})
        self.assertLessEqual(rules, made["RuleName"] | {"Default"})
        self.assertLessEqual(policies, made["PolicyName"])

    def check_readable(self, xray, begin):
        """Whatever was taken can be told again, in the shapes of the model: nothing stored spoils an answer."""
        between = {"StartTime": begin - 7200, "EndTime": begin + 7200}
        pages = xray.get_paginator("get_trace_summaries").paginate(**between)
        found = [summary["Id"] for page in pages for summary in page["TraceSummaries"]]
        for index in range(0, len(found), 5):
            asked = found[index:index + 5]
            traces = xray.batch_get_traces(TraceIds=asked)["Traces"]
            self.assertEqual([trace["Id"] for trace in traces], asked)
            for trace in traces:
                xray.get_trace_graph(TraceIds=[trace["Id"]])
                for part in trace["Segments"]:
                    # Strictly: no NaN and no Infinity, which Python would take.
                    json.loads(part["Document"], parse_constant=self.fail)
        xray.get_service_graph(**between)
        xray.get_time_series_service_statistics(**between)

    def summarize(self, callers, seconds, server):
        statuses = sum((caller.statuses for caller in callers), collections.Counter())
        kinds = sum((caller.kinds for caller in callers), collections.Counter())
        slowest = max((caller.slowest for caller in callers), key=lambda pair: pair[0])
        with open(f"/proc/{server.process.pid}/status", encoding="utf-8") as file:
            peak = next((line.split()[1] for line in file if line.startswith("VmHWM")), "0")
        print(
            f"\n{statuses.total()} generated requests in {seconds:.0f} s, the slowest {slowest[0]:.2f} s "
            f"({slowest[1]}), peak memory {int(peak) // 1024} MB")
        for title, counter in (("", statuses), ("", kinds)):
            rows = collections.defaultdict(dict)
            for (name, status), count in counter.items():
                rows[name][status] = count
            for name in sorted(rows):
                print(f"  {name:32}", *(f"{status}: {rows[name][status]:5}" for status in sorted(rows[name])), sep="  ")


if __name__ == "__main__":
    unittest.main()
