"""boto3 puts the traces of a small shop, and gets back what X-Ray would tell of them."""

import datetime
import json
import unittest

from botocore.exceptions import ClientError

from documents import now, order, put, segment, subsegment, trace_id
from server import Server

TRACES = 40


class ShopTest(unittest.TestCase):
    """A server with forty requests to the shop, one a second, of which every fourth failed."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.xray = cls.server.client()
        cls.xray.create_group(GroupName="failing", FilterExpression="fault = true")
        cls.begin = now()
        cls.end = cls.begin + 60
        cls.ids = [trace_id(cls.begin + index, index) for index in range(TRACES)]
        put(cls.xray, [
            document for index, trace in enumerate(cls.ids)
            for document in order(trace, cls.begin + index, fails=index % 4 == 0)])

    def range(self, **parameters):
        return {"StartTime": self.begin, "EndTime": self.end} | parameters

    def summaries(self, expression=None, **parameters):
        if expression is not None:
            parameters["FilterExpression"] = expression
        pages = self.xray.get_paginator("get_trace_summaries").paginate(**self.range(**parameters))
        return [summary for page in pages for summary in page["TraceSummaries"]]

    def refused(self, call, *parts, kind="InvalidRequestException", **parameters):
        with self.assertRaises(getattr(self.xray.exceptions, kind)) as refusal:
            call(**parameters)
        error = refusal.exception.response
        self.assertEqual(error["ResponseMetadata"]["HTTPStatusCode"], 404 if kind.startswith("ResourceNot") else 400)
        self.assertTrue(error["Error"]["Message"])
        for part in parts:
            self.assertIn(part, error["Error"]["Message"])


class TracesTest(ShopTest):
    def documents(self, trace):
        return [json.loads(part["Document"]) for part in trace["Segments"]]

    def test_traces_come_in_the_order_asked_with_the_documents_that_were_put(self):
        asked = [self.ids[3], self.ids[0], self.ids[2]]
        answer = self.xray.batch_get_traces(TraceIds=asked)
        self.assertEqual([trace["Id"] for trace in answer["Traces"]], asked)
        for trace in answer["Traces"]:
            self.assertAlmostEqual(trace["Duration"], 1.0, 2)
            self.assertFalse(trace.get("LimitExceeded"))
            by_name = {document["name"]: document for document in self.documents(trace)}
            self.assertEqual(set(by_name), {"web", "orders", "DynamoDB"})
            web, orders, table = by_name["web"], by_name["orders"], by_name["DynamoDB"]
            [call] = web["subsegments"]
            [read] = orders["subsegments"]
            self.assertEqual((orders["parent_id"], table["parent_id"]), (call["id"], read["id"]))
            self.assertTrue(table["inferred"])
            self.assertEqual(web["annotations"], {"price": 30, "city": "Forlì", "gift": True})
            self.assertEqual({part["Id"] for part in trace["Segments"]}, {d["id"] for d in by_name.values()})

    def test_unknown_ids_are_left_out(self):
        unknown = trace_id(self.begin, 999)
        answer = self.xray.batch_get_traces(TraceIds=[self.ids[0], unknown])
        self.assertEqual([trace["Id"] for trace in answer["Traces"]], self.ids[:1])
        self.assertEqual(answer["UnprocessedTraceIds"], [unknown])

    def test_ids_that_cannot_be_asked_for_are_refused(self):
        get = self.xray.batch_get_traces
        self.refused(get, "5", TraceIds=self.ids[:6])
        self.refused(get, "duplicate", TraceIds=[self.ids[0], self.ids[0]])
        self.refused(get, "1-zz", TraceIds=["1-zz"])
        self.assertEqual(len(get(TraceIds=self.ids[:5])["Traces"]), 5)

    def test_documents_are_refused_one_by_one(self):
        good = segment("one", trace_id(self.begin - 9000, 1), self.begin - 9000)
        documents = [
            json.dumps(good), "{", "[]", json.dumps(good | {"id": "xyz"}), json.dumps(good | {"trace_id": "1-2-3"}),
            json.dumps({key: value for key, value in good.items() if key != "name"}),
            json.dumps(good | {"name": "n" * 201})]
        answer = self.xray.put_trace_segments(TraceSegmentDocuments=documents)
        codes = [refusal["ErrorCode"] for refusal in answer["UnprocessedTraceSegments"]]
        self.assertEqual(codes[2:], ["InvalidId", "InvalidTraceId", "MissingName", "InvalidName"])
        self.assertEqual((codes[0], len(codes)), ("ParseError", 6))
        self.assertEqual(answer["UnprocessedTraceSegments"][5]["Id"], good["id"])
        [trace] = self.xray.batch_get_traces(TraceIds=[good["trace_id"]])["Traces"]
        self.assertEqual([document["name"] for document in self.documents(trace)], ["one"])
        self.refused(self.xray.put_trace_segments, TraceSegmentDocuments=[])

    def test_a_segment_that_runs_makes_its_trace_partial_until_it_is_complete(self):
        start = self.begin - 8000
        trace = trace_id(start, 2)
        done = segment("slow", trace, start, 2.0)
        running = {key: value for key, value in done.items() if key != "end_time"} | {"in_progress": True}
        between = {"StartTime": start - 1, "EndTime": start + 1}
        put(self.xray, [json.dumps(running)])
        [before] = self.xray.get_trace_summaries(**between)["TraceSummaries"]
        put(self.xray, [json.dumps(done)])
        [after] = self.xray.get_trace_summaries(**between)["TraceSummaries"]
        self.assertEqual((before["IsPartial"], after["IsPartial"]), (True, False))
        self.assertGreater(after["Revision"], before["Revision"])
        self.assertAlmostEqual(after["Duration"], 2.0, 2)

    def test_a_late_subsegment_is_merged_into_its_segment(self):
        start = self.begin - 7000
        trace = trace_id(start, 3)
        parent = segment("late", trace, start)
        put(self.xray, [json.dumps(parent)])
        child = subsegment("step", start, type="subsegment", trace_id=trace, parent_id=parent["id"])
        put(self.xray, [json.dumps(child)])
        [found] = self.xray.batch_get_traces(TraceIds=[trace])["Traces"]
        [document] = self.documents(found)
        self.assertEqual([part["id"] for part in document["subsegments"]], [child["id"]])


class SummariesTest(ShopTest):
    def test_a_summary_tells_all_of_its_trace(self):
        [summary] = [summary for summary in self.summaries() if summary["Id"] == self.ids[4]]
        self.assertEqual(summary["StartTime"].timestamp(), self.begin + 4)
        self.assertAlmostEqual(summary["Duration"], 1.0, 2)
        self.assertAlmostEqual(summary["ResponseTime"], 1.0, 2)
        flags = [summary[name] for name in ("HasFault", "HasError", "HasThrottle", "IsPartial")]
        self.assertEqual(flags, [True, False, False, False])
        self.assertEqual(summary["Http"], {
            "HttpURL": "https://shop.example.com/buy", "HttpStatus": 500, "HttpMethod": "POST", "UserAgent": "browser",
            "ClientIp": "10.0.0.7"})
        self.assertEqual((summary["EntryPoint"]["Name"], summary["EntryPoint"]["Type"]), ("web", "AWS::EC2::Instance"))
        values = {key: value["AnnotationValue"] for key, [value] in summary["Annotations"].items()}
        self.assertEqual(values, {
            "price": {"NumberValue": 30}, "city": {"StringValue": "Forlì"}, "gift": {"BooleanValue": True}})
        [user] = summary["Users"]
        self.assertEqual((user["UserName"], user["ServiceIds"][0]["Name"]), ("alice", "web"))
        self.assertLessEqual({"web", "orders", "items"}, {service["Name"] for service in summary["ServiceIds"]})
        self.assertEqual([part["Id"] for part in summary["InstanceIds"]], ["i-0b5a"])
        self.assertEqual([part["Name"] for part in summary["AvailabilityZones"]], ["eu-central-1a"])
        self.assertGreaterEqual(summary["Revision"], 1)
        [cause] = summary["FaultRootCauses"]
        self.assertTrue(cause["ClientImpacting"])
        self.assertEqual([service["Name"] for service in cause["Services"]], ["web", "orders"])
        [exception] = cause["Services"][-1]["EntityPath"][-1]["Exceptions"]
        self.assertEqual(exception, {"Name": "OutOfStock", "Message": "no such item"})
        [path] = summary["ResponseTimeRootCauses"]
        self.assertEqual([service["Name"] for service in path["Services"]], ["web", "orders"])

    def test_filters_choose_traces(self):
        every, failed = sorted(self.ids), sorted(self.ids[::4])
        for expression, expected in [
            ("fault", failed), ("!fault", sorted(set(every) - set(failed))),
            ("fault = true AND http.status = 500", failed),
            ('service("orders") { fault }', failed), ('service("items") { fault }', []),
            ('edge("web", "orders") { fault }', failed), ('edge("orders", "web")', []),
            ('service(id(name: "items", type: "AWS::DynamoDB::Table"))', every),
            ('user = "alice" annotation.price > 29', every), ('annotation.city = "Forlì"', every),
            ("annotation.price > 30 OR annotation.gift = false", []), ("responsetime > 0.9 duration < 1.1", every),
            ('http.url BEGINSWITH "https://shop" AND http.url ENDSWITH "/buy"', every),
            ('instance.id = "i-0b5a" AND availabilityzone = "eu-central-1a"', every),
            ('rootcause.fault.exception { name = "OutOfStock" }', failed), ('group.name = "failing"', failed),
            ('rootcause.fault.service { last and name = "orders" }', failed), ("", every),
        ]:
            with self.subTest(expression):
                self.assertEqual(sorted(summary["Id"] for summary in self.summaries(expression)), expected)

    def test_a_filter_that_cannot_be_read_is_refused_with_the_place(self):
        for expression in ['name = traces', 'service("a', "fault AND", "duration > ", "(((", "no.such.keyword = 1"]:
            with self.subTest(expression):
                self.refused(self.xray.get_trace_summaries, **self.range(FilterExpression=expression))

    def test_ranges_are_half_open_and_of_three_kinds(self):
        def ids(kind, start, end):
            answer = self.xray.get_trace_summaries(TimeRangeType=kind, StartTime=start, EndTime=end)
            return answer["TraceSummaries"]

        first = ids("TraceId", self.begin, self.begin + 1)
        self.assertEqual([summary["Id"] for summary in first], self.ids[:1])
        self.assertNotIn("MatchedEventTime", first[0])
        # Each trace runs for a second: in this half second two were active.
        active = ids("Event", self.begin + 5.5, self.begin + 6.5)
        self.assertEqual(sorted(summary["Id"] for summary in active), self.ids[5:7])
        self.assertTrue(all("MatchedEventTime" in summary for summary in active))
        # The segments of a trace end within its second.
        ended = {summary["Id"] for summary in ids("Service", self.begin + 8.5, self.begin + 8.95)}
        self.assertIn(self.ids[8], ended)
        self.assertNotIn(self.ids[10], ended)

    def test_ranges_that_make_no_sense_are_refused(self):
        back = {"StartTime": self.end, "EndTime": self.begin}
        for call in [
            self.xray.get_trace_summaries, self.xray.get_service_graph, self.xray.get_time_series_service_statistics]:
            with self.subTest(call.__name__):
                self.refused(call, **back)
        self.refused(self.xray.get_insight_summaries, GroupName="failing", **back)
        self.refused(
            self.xray.get_service_graph, "6 hours", StartTime=self.begin - 7 * 3600, EndTime=self.begin)

    def test_times_are_taken_in_every_form(self):
        begin = datetime.datetime.fromtimestamp(self.begin, datetime.timezone.utc)
        forms = [
            self.begin, float(self.begin), str(self.begin), begin.strftime("%Y-%m-%dT%H:%M:%SZ"),
            begin.isoformat(), begin.strftime("%Y-%m-%dT%H:%M:%S.000Z"), begin.strftime("%a, %d %b %Y %H:%M:%S GMT")]
        for form in forms:
            with self.subTest(form):
                body = json.dumps({"StartTime": form, "EndTime": self.begin + 1}).encode()
                status, _, answer = self.server.post("/TraceSummaries", body)
                self.assertEqual(status, 200, answer)
                self.assertEqual([summary["Id"] for summary in json.loads(answer)["TraceSummaries"]], self.ids[:1])
        exponent = f'{{"StartTime": {self.begin / 1e9!r}e9, "EndTime": {self.begin + 1}}}'.encode()
        self.assertEqual(self.server.post("/TraceSummaries", exponent)[0], 200)
        for form in ["yesterday", [], {}, True, -1, "NaN", "2026-99-99T00:00:00Z"]:
            with self.subTest(form):
                body = json.dumps({"StartTime": form, "EndTime": self.begin + 1}).encode()
                self.assertEqual(self.server.post("/TraceSummaries", body)[0], 400)

    def test_a_sample_is_a_part_of_all(self):
        strategy = {"Name": "FixedRate", "Value": 0.5}
        part = self.summaries(TimeRangeType="Event", Sampling=True, SamplingStrategy=strategy)
        self.assertLess(len(part), TRACES)
        self.assertLessEqual({summary["Id"] for summary in part}, set(self.ids))
        get = self.xray.get_trace_summaries
        self.refused(get, **self.range(Sampling=True, SamplingStrategy=strategy))
        self.refused(get, **self.range(TimeRangeType="Event", Sampling=True, SamplingStrategy={"Name": "FixedRate"}))
        self.refused(get, **self.range(
            TimeRangeType="Event", Sampling=True, SamplingStrategy={"Name": "FixedRate", "Value": 2}))


class GraphsTest(ShopTest):
    def check_shop(self, services, count, failed):
        nodes = {(service["Name"], service.get("Type")): service for service in services}
        self.assertEqual(set(nodes), {
            ("web", "client"), ("web", "AWS::EC2::Instance"), ("orders", None), ("items", "AWS::DynamoDB::Table")})
        web, orders = nodes["web", "AWS::EC2::Instance"], nodes["orders", None]
        self.assertTrue(web["Root"])
        edges = {
            (service["ReferenceId"], edge["ReferenceId"]): edge for service in services for edge in service["Edges"]}
        way = [nodes["web", "client"], web, orders, nodes["items", "AWS::DynamoDB::Table"]]
        self.assertEqual(set(edges), {(a["ReferenceId"], b["ReferenceId"]) for a, b in zip(way, way[1:])})
        for figures in [
            web["SummaryStatistics"], orders["SummaryStatistics"],
            edges[web["ReferenceId"], orders["ReferenceId"]]["SummaryStatistics"]]:
            self.assertEqual(figures["TotalCount"], count)
            self.assertEqual(figures["FaultStatistics"], {"OtherCount": failed, "TotalCount": failed})
            self.assertEqual(figures["ErrorStatistics"], {"ThrottleCount": 0, "OtherCount": 0, "TotalCount": 0})
            self.assertEqual(figures["OkCount"], count - failed)
        self.assertAlmostEqual(orders["SummaryStatistics"]["TotalResponseTime"], 0.7 * count, 1)
        self.assertEqual(sum(bar["Count"] for bar in orders["ResponseTimeHistogram"]), count)
        self.assertEqual(sum(bar["Count"] for bar in orders["DurationHistogram"]), count)
        self.assertTrue(all(abs(bar["Value"] - 0.7) < 0.05 for bar in orders["ResponseTimeHistogram"]))

    def test_the_service_graph_counts_every_request(self):
        pages = self.xray.get_paginator("get_service_graph").paginate(**self.range())
        self.check_shop([service for page in pages for service in page["Services"]], TRACES, TRACES // 4)

    def test_the_service_graph_of_a_group_counts_its_requests(self):
        failing = self.xray.get_group(GroupName="failing")["Group"]
        for name in [{"GroupName": "failing"}, {"GroupARN": failing["GroupARN"]}]:
            answer = self.xray.get_service_graph(**self.range(), **name)
            self.check_shop(answer["Services"], TRACES // 4, TRACES // 4)
            self.assertFalse(answer["ContainsOldGroupVersions"])
        self.refused(self.xray.get_service_graph, **self.range(GroupName="nobody"))

    def test_the_graph_of_one_trace_counts_it_once(self):
        answer = self.xray.get_trace_graph(TraceIds=[self.ids[0]])
        self.check_shop(answer["Services"], 1, 1)
        get = self.xray.get_trace_graph
        self.refused(get, TraceIds=[])
        self.refused(get, "5", TraceIds=self.ids[:6])
        self.refused(get, TraceIds=[trace_id(self.begin, 999)])

    def series(self, **parameters):
        pages = self.xray.get_paginator("get_time_series_service_statistics").paginate(**self.range(**parameters))
        return [point for page in pages for point in page["TimeSeriesServiceStatistics"]]

    def test_the_series_of_a_service_add_up_to_its_graph(self):
        for period in (60, 300):
            points = self.series(EntitySelectorExpression='service("orders")', Period=period)
            figures = [point["ServiceSummaryStatistics"] for point in points]
            self.assertEqual(sum(figure["TotalCount"] for figure in figures), TRACES)
            self.assertEqual(sum(figure["FaultStatistics"]["TotalCount"] for figure in figures), TRACES // 4)
        self.refused(self.xray.get_time_series_service_statistics, "60", "300", **self.range(Period=61))

    def test_the_series_of_an_edge_and_of_the_callers_add_up(self):
        for selector in [{"EntitySelectorExpression": 'edge("web", "orders")'}, {}]:
            points = self.series(**selector)
            self.assertEqual(sum(point["EdgeSummaryStatistics"]["TotalCount"] for point in points), TRACES, selector)
        times = [point["Timestamp"] for point in points]
        self.assertEqual(times, sorted(times, reverse=True))
        selector = 'service(id(name: "web", type: "AWS::EC2::Instance"))'
        self.assertTrue(self.series(EntitySelectorExpression=selector, ForecastStatistics=True))
        self.refused(self.xray.get_time_series_service_statistics, **self.range(EntitySelectorExpression="service("))


class ProtocolTest(ShopTest):
    def test_errors_have_the_form_that_clients_take(self):
        status, headers, body = self.server.post("/TraceSummaries", b'{"StartTime": 1}')
        self.assertEqual((status, headers["x-amzn-ErrorType"].partition(":")[0]), (400, "InvalidRequestException"))
        self.assertTrue(headers["x-amzn-RequestId"])
        self.assertTrue(json.loads(body)["Message"])
        with self.assertRaises(ClientError):
            self.xray.get_group(GroupName="nobody")

    def test_members_that_are_null_or_unknown_are_passed_over(self):
        body = json.dumps(self.range(FilterExpression=None, NextToken=None, Mood="good")).encode()
        status, _, answer = self.server.post("/TraceSummaries", body)
        self.assertEqual((status, bool(json.loads(answer)["TraceSummaries"])), (200, True))


if __name__ == "__main__":
    unittest.main()
