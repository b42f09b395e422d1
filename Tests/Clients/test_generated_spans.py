"""Generated spans over OTLP and Zipkin, sound and damaged: the server answers, and all that it took can be read again.

`GENERATED_SPANS` (3000) says how many requests, `GENERATED_SEED` (1) which.
"""

import collections
import json
import os
import random
import time
import unittest

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from generator import HOSTILE, Raw, encode
from server import Server

REQUESTS = int(os.environ.get("GENERATED_SPANS", "3000"))
SEED = int(os.environ.get("GENERATED_SEED", "1"))
KEYS = [
    "service.name", "http.method", "http.url", "http.status_code", "http.request.method", "url.full", "peer.service",
    "http.response.status_code", "db.system", "db.statement", "rpc.system", "rpc.service",
    "aws.operation", "aws.region", "aws.table_names", "enduser.id", "exception.type", "exception.message",
    "exception.stacktrace", "net.peer.name",
    "cloud.provider", "cloud.platform", "host.id", "container.id", "k8s.pod.name", "faas.id",
    "error", "aws.xray.annotations"]
TIMES = [0, 1, 2 ** 63 - 1, 2 ** 63, 2 ** 64 - 1, 10 ** 18]


class Spans:
    """Requests with spans of which most are sound."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.now = int(time.time() - 600) * 10 ** 9

    def value(self, depth=0):
        pick = self.random.randrange(9 if depth < 6 else 5)
        if pick == 0:
            return AnyValue(string_value=self.text())
        if pick == 1:
            return AnyValue(int_value=self.random.choice([0, 1, -1, 200, 404, 500, 2 ** 63 - 1, -2 ** 63]))
        if pick == 2:
            return AnyValue(double_value=self.random.choice([0.5, -0.0, 1e308, float("nan"), float("inf")]))
        if pick == 3:
            return AnyValue(bool_value=self.random.random() < 0.5)
        if pick == 4:
            return AnyValue() if self.random.random() < 0.3 else AnyValue(string_value="plain")
        if pick == 5:
            return AnyValue(bytes_value=b"\xff\0x")
        made = AnyValue()
        if pick < 8:
            made.array_value.values.extend(self.value(depth + 1) for _ in range(self.random.randint(0, 3)))
            made.array_value.SetInParent()
        else:
            made.kvlist_value.SetInParent()
            self.attributes(made.kvlist_value.values, depth + 1)
        return made

    def text(self):
        # Protobuf's text is Unicode: nothing of half a pair.
        return self.random.choice(HOSTILE).encode("utf-8", "replace").decode() * self.random.choice([1, 1, 5])

    def attributes(self, holder, depth=0):
        for _ in range(self.random.randint(0, 4)):
            holder.add(key=self.random.choice(KEYS + [self.text()]), value=self.value(depth))

    def moment(self):
        return self.random.choice(TIMES) if self.random.random() < 0.05 else self.now + self.random.randint(0, 10 ** 11)

    def export(self):
        made = ExportTraceServiceRequest()
        for _ in range(self.random.randint(1, 2)):
            resource = made.resource_spans.add()
            self.attributes(resource.resource.attributes)
            scope = resource.scope_spans.add()
            trace, parent = (self.now // 10 ** 9).to_bytes(4, "big") + self.random.randbytes(12), b""
            for _ in range(self.random.randint(1, 3)):
                span = scope.spans.add(
                    trace_id=trace, span_id=self.random.randbytes(8), parent_span_id=parent, name=self.text(),
                    kind=self.random.choice([0, 1, 2, 2, 3, 3, 4, 5]), start_time_unix_nano=self.moment(),
                    end_time_unix_nano=self.moment())
                self.attributes(span.attributes)
                if self.random.random() < 0.3:
                    self.attributes(span.events.add(name="exception", time_unix_nano=self.moment()).attributes)
                    span.links.add(trace_id=trace, span_id=self.random.randbytes(self.random.choice([0, 8, 30])))
                    span.status.code = self.random.choice([0, 1, 2])
                if self.random.random() < 0.05:
                    span.trace_id, span.span_id = self.random.choice([
                        (b"", b""), (bytes(16), bytes(8)), (b"x" * 99, b"y")])
                parent = span.span_id
        return made

    def zipkin(self):
        trace = f"{self.now // 10 ** 9:08x}" + self.random.randbytes(12).hex()
        odd = [None, [], {}, True, "", -1, Raw("1e400"), 2 ** 64, "x" * 300, *HOSTILE]
        spans = []
        for _ in range(self.random.randint(1, 3)):
            span = {
                "traceId": trace, "id": self.random.randbytes(8).hex(), "name": "get",
                "kind": self.random.choice(["CLIENT", "SERVER"]),
                "timestamp": self.now // 1000, "duration": 1000, "localEndpoint": {"serviceName": "z"},
                "tags": {self.random.choice(KEYS): self.random.choice(HOSTILE)}}
            if self.random.random() < 0.5:
                span[self.random.choice(list(span))] = self.random.choice(odd)
            spans.append(span)
        return encode(spans).encode()

    def request(self):
        """A path, a body, a content type."""
        pick = self.random.random()
        if pick < 0.2:
            return "/api/v2/spans", self.damage(self.zipkin()), "application/json"
        made = self.export()
        if pick < 0.5:
            body = json.dumps(MessageToDict(made)).replace("NaN", '"NaN"') if pick < 0.25 else self.json(made)
            return "/v1/traces", self.damage(body.encode()), "application/json"
        return "/v1/traces", self.damage(made.SerializeToString()), "application/x-protobuf"

    @staticmethod
    def json(made):
        """As OTLP writes JSON: ids in hexadecimal."""
        tree = MessageToDict(made)
        for resource, plain in zip(tree["resourceSpans"], made.resource_spans):
            for span, source in zip(resource["scopeSpans"][0]["spans"], plain.scope_spans[0].spans):
                span |= {"traceId": source.trace_id.hex(), "spanId": source.span_id.hex()}
                span["parentSpanId"] = source.parent_span_id.hex()
        return json.dumps(tree)

    def damage(self, body):
        if self.random.random() < 0.75 or not body:
            return body
        body, at = bytearray(body), self.random.randrange(len(body))
        way = self.random.randrange(4)
        if way == 0:
            del body[at:]
        elif way == 1:
            body[at] ^= 1 << self.random.randrange(8)
        elif way == 2:
            body[at:at] = self.random.choice([b"\xff" * 12, b"\0", b"[" * 2000, b"\x0a\xff\xff\xff\xff\x0f", b'"'])
        else:
            for _ in range(20):
                body[self.random.randrange(len(body))] = self.random.randrange(256)
        return bytes(body)


class GeneratedSpansTest(unittest.TestCase):
    def test_every_request_is_answered_and_what_was_taken_can_be_read(self):
        with Server() as server:
            spans, statuses = Spans(SEED), collections.Counter()
            for _ in range(REQUESTS):
                path, body, content_type = spans.request()
                status, _, answer = server.post(path, body, content_type)
                statuses[path, content_type, status] += 1
                self.assertIn(status, [200, 202, 400, 413, 415], (path, content_type, body[:2000], answer[:300]))
            print("\n" + "\n".join(f"  {key}: {count}" for key, count in sorted(statuses.items())))
            self.assertTrue(server.get("/healthz"))
            self.assertTrue(server.get("/fidelity"))
            xray = server.client()
            found = []
            pages = xray.get_paginator("get_trace_summaries").paginate(StartTime=0, EndTime=time.time() + 3600)
            for page in pages:
                found += [summary["Id"] for summary in page["TraceSummaries"]]
            self.assertGreater(len(found), REQUESTS / 2)
            for index in range(0, len(found), 5):
                asked = found[index:index + 5]
                traces = xray.batch_get_traces(TraceIds=asked)["Traces"]
                self.assertEqual([trace["Id"] for trace in traces], asked)
                for trace in traces:
                    for part in trace["Segments"]:
                        # Strictly: no NaN and no Infinity, which Python would take.
                        json.loads(part["Document"], parse_constant=self.fail)
            xray.get_service_graph(StartTime=spans.now / 1e9 - 60, EndTime=time.time())
            server.stop()
            self.assertGreaterEqual(server.ask("check")["documents"], len(found))


if __name__ == "__main__":
    unittest.main()
