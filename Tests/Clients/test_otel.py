"""Spans of OpenTelemetry and Zipkin become traces that X-Ray's API tells of."""

import gzip
import json
import os
import time
import unittest

from server import Server


def x_ray(trace):
    return f"1-{trace[:8]}-{trace[8:]}"


def new_ids():
    """A trace id of this second in W3C's form, and three span ids."""
    return f"{int(time.time()):08x}" + os.urandom(12).hex(), [os.urandom(8).hex() for _ in range(3)]


class SpansTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.xray = cls.server.client()

    def documents(self, trace):
        """The documents of a trace by name, found by either form of its id."""
        by_form = []
        for form in (trace, x_ray(trace)):
            [found] = self.xray.batch_get_traces(TraceIds=[form])["Traces"]
            by_form.append([json.loads(part["Document"]) for part in found["Segments"]])
        self.assertEqual(*by_form)
        return {document["name"]: document for document in by_form[0]}

    def edges(self, trace):
        services = self.xray.get_trace_graph(TraceIds=[x_ray(trace)])["Services"]
        names = {service["ReferenceId"]: service["Name"] for service in services}
        return {
            (service["Name"], names[edge["ReferenceId"]])
            for service in services if service.get("Type") != "client" for edge in service["Edges"]}

    def test_flask_services_become_segments_and_nodes(self):
        good, bad = json.loads(self.server.run("flask_shop.py"))
        documents = self.documents(good)
        self.assertEqual(set(documents), {"web", "stock"})
        web, stock = documents["web"], documents["stock"]
        [call] = web["subsegments"]
        self.assertEqual((call["namespace"], stock["parent_id"]), ("remote", call["id"]))
        self.assertEqual((web["http"]["request"]["method"], web["http"]["response"]["status"]), ("GET", 200))
        self.assertIn("/buy/book", web["http"]["request"]["url"])
        self.assertRegex(web["aws"]["xray"]["sdk"], "opentelemetry")
        told = json.dumps([web.get("annotations"), web.get("metadata")], ensure_ascii=False)
        self.assertIn("Forlì", told)
        self.assertFalse(web.get("fault") or stock.get("fault"))
        self.assertEqual(self.edges(good), {("web", "stock")})
        self.check_failure(bad)

    def check_failure(self, trace):
        documents = self.documents(trace)
        self.assertTrue(documents["web"]["fault"] and documents["stock"]["fault"])
        [exception] = documents["stock"]["cause"]["exceptions"]
        self.assertEqual((exception["type"], exception["message"]), ("LookupError", "no such item"))
        self.assertTrue(exception["stack"])
        found = self.xray.get_trace_summaries(
            StartTime=time.time() - 600, EndTime=time.time() + 1, FilterExpression='service("stock") { fault }')
        [summary] = found["TraceSummaries"]
        self.assertEqual((summary["Id"], summary["HasFault"]), (x_ray(trace), True))

    def otlp(self, trace, spans):
        attribute = {"key": "service.name", "value": {"stringValue": "till"}}
        return {"resourceSpans": [{
            "resource": {"attributes": [attribute]},
            "scopeSpans": [{"scope": {"name": "by hand"}, "spans": [span | {"traceId": trace} for span in spans]}]}]}

    def test_otlp_as_json_plain_and_compressed(self):
        for encoding in (None, "gzip"):
            trace, (server, client, _) = new_ids()
            nanoseconds = int(time.time()) * 10 ** 9
            body = json.dumps(self.otlp(trace, [
                {"spanId": server, "name": "GET /pay", "kind": 2, "startTimeUnixNano": str(nanoseconds),
                 "endTimeUnixNano": str(nanoseconds + 10 ** 9), "status": {}, "attributes": [
                    {"key": "http.request.method", "value": {"stringValue": "GET"}},
                    {"key": "http.response.status_code", "value": {"intValue": "404"}}]},
                {"spanId": client, "parentSpanId": server, "name": "charge", "kind": 3,
                 "startTimeUnixNano": str(nanoseconds), "endTimeUnixNano": str(nanoseconds + 5 * 10 ** 8),
                 "attributes": [{"key": "peer.service", "value": {"stringValue": "bank"}}]}])).encode()
            headers = {"Content-Encoding": "gzip"} if encoding else {}
            status, answer_headers, answer = self.server.post(
                "/v1/traces", gzip.compress(body) if encoding else body, **headers)
            self.assertEqual(status, 200, answer)
            self.assertEqual(answer_headers.get_content_type(), "application/json")
            self.assertFalse(json.loads(answer).get("partialSuccess", {}).get("rejectedSpans"))
            till = self.documents(trace)["till"]
            self.assertEqual((till["http"]["response"]["status"], till["error"]), (404, True))
            self.assertEqual((till["start_time"], till["end_time"]), (nanoseconds / 1e9, nanoseconds / 1e9 + 1))
            self.assertIn(("till", "bank"), self.edges(trace))

    def test_zipkin_spans(self):
        trace, (server, client, called) = new_ids()
        microseconds = int(time.time()) * 10 ** 6
        status, _, answer = self.server.post("/api/v2/spans", json.dumps([
            {"traceId": trace, "id": server, "kind": "SERVER", "name": "get /", "timestamp": microseconds,
             "duration": 900_000, "localEndpoint": {"serviceName": "front"}, "tags": {"http.status_code": "200"}},
            {"traceId": trace, "id": client, "parentId": server, "kind": "CLIENT", "name": "get /list",
             "timestamp": microseconds + 1000, "duration": 500_000, "localEndpoint": {"serviceName": "front"},
             "remoteEndpoint": {"serviceName": "back"}},
            {"traceId": trace, "id": called, "parentId": client, "kind": "SERVER", "name": "get /list",
             "timestamp": microseconds + 2000, "duration": 400_000, "localEndpoint": {"serviceName": "back"},
             "tags": {"error": "timeout"}}]).encode())
        self.assertEqual(status, 202, answer)
        documents = self.documents(trace)
        self.assertEqual(set(documents), {"front", "back"})
        self.assertAlmostEqual(documents["front"]["end_time"] - documents["front"]["start_time"], 0.9, 3)
        self.assertTrue(documents["back"].get("fault") or documents["back"].get("error"))
        self.assertEqual(self.edges(trace), {("front", "back")})

    def test_what_is_no_request_is_refused_and_stores_nothing(self):
        for path, body, content_type in [
            ("/v1/traces", b"{", "application/json"), ("/v1/traces", b"\xff\xff\xff", "application/x-protobuf"),
            ("/v1/traces", b"[]", "application/json"), ("/v1/traces", b"{}", "text/plain"),
            ("/api/v2/spans", b"{}", "application/json"), ("/api/v2/spans", b"[1]", "application/json"),
            ("/v1/traces", b'{"resourceSpans": 7}', "application/json")]:
            with self.subTest(body):
                status, _, _ = self.server.post(path, body, content_type)
                self.assertIn(status, range(400, 500))
        status, _, _ = self.server.post("/v1/traces", gzip.compress(b"0" * 10 ** 8), **{"Content-Encoding": "gzip"})
        self.assertIn(status, (400, 413))

    def test_the_report_tells_what_became_of_attributes(self):
        trace, (server, _, _) = new_ids()
        nanoseconds = int(time.time()) * 10 ** 9
        body = self.otlp(trace, [
            {"spanId": server, "name": "odd", "kind": 2, "startTimeUnixNano": nanoseconds,
             "endTimeUnixNano": nanoseconds + 1000, "attributes": [
                {"key": "odd.attribute", "value": {"stringValue": "x"}}]}])
        self.assertEqual(self.server.post("/v1/traces", json.dumps(body).encode())[0], 200)
        self.assertIn("odd.attribute", self.server.get("/fidelity"))


if __name__ == "__main__":
    unittest.main()
