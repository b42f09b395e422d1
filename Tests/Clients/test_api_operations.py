"""Insights of a shop that begins to fail, and one call of each operation there is."""

import json
import time
import unittest

from documents import now, order, put, trace_id
from server import Server, eventually

QUIET, FAILING = 40, 5
# By X-Ray's service model.
INSIGHT_ID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"


class FailingShopTest(unittest.TestCase):
    """Ten requests a minute, of which nine fail in the last five minutes."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.end = int(time.time()) // 60 * 60 - 60
        cls.begin = cls.end - (QUIET + FAILING) * 60
        cls.fell = cls.begin + QUIET * 60
        xray = cls.server.client()
        documents, cls.ids = [], []
        for minute in range(QUIET + FAILING):
            for index in range(10):
                start = cls.begin + minute * 60 + index * 5
                cls.ids.append(trace_id(start, index))
                documents += order(cls.ids[-1], start, fails=minute >= QUIET and index > 0)
        put(xray, documents)
        cls.group = xray.create_group(
            GroupName="shop", FilterExpression='service("web")',
            InsightsConfiguration={"InsightsEnabled": True, "NotificationsEnabled": False})["Group"]
        # It looks back when it starts; otherwise it would when the minute is over.
        cls.server.restart()
        cls.xray = cls.server.client()
        cls.between = {"StartTime": cls.begin, "EndTime": cls.end + 60}
        eventually(cls.summaries)

    @classmethod
    def summaries(cls, **parameters):
        return cls.xray.get_insight_summaries(GroupName="shop", **cls.between, **parameters)["InsightSummaries"]

    def test_an_insight_tells_who_fails_since_when_and_whom_it_hits(self):
        [summary] = self.summaries()
        self.assertRegex(summary["InsightId"], "^" + INSIGHT_ID + "$")
        self.assertEqual((summary["State"], summary["Categories"]), ("ACTIVE", ["FAULT"]))
        self.assertEqual(summary["GroupARN"], self.group["GroupARN"])
        self.assertEqual(summary["RootCauseServiceId"]["Name"], "orders")
        self.assertEqual(summary["StartTime"].timestamp(), self.fell)
        for impact in ("ClientRequestImpactStatistics", "RootCauseServiceRequestImpactStatistics"):
            self.assertEqual(summary[impact], {"FaultCount": 45, "OkCount": 5, "TotalCount": 50}, impact)
        self.assertIn("orders", [service["ServiceId"]["Name"] for service in summary["TopAnomalousServices"]])
        self.assertIn("orders", summary["Summary"])
        insight = self.xray.get_insight(InsightId=summary["InsightId"])["Insight"]
        self.assertEqual(insight, {key: summary[key] for key in summary if key != "LastUpdateTime"})

    def test_insights_are_chosen_by_group_and_state(self):
        self.assertEqual(len(self.summaries(States=["ACTIVE"])), 1)
        self.assertEqual(self.summaries(States=["CLOSED"]), [])
        by_arn = self.xray.get_insight_summaries(GroupARN=self.group["GroupARN"], **self.between)
        self.assertEqual(by_arn["InsightSummaries"], self.summaries())

    def test_the_events_of_an_insight_come_in_pages(self):
        insight = self.summaries()[0]["InsightId"]
        every = self.xray.get_insight_events(InsightId=insight)["InsightEvents"]
        self.assertTrue(every)
        found, more = [], {}
        while True:
            page = self.xray.get_insight_events(InsightId=insight, MaxResults=1, **more)
            found += page["InsightEvents"]
            if "NextToken" not in page:
                break
            more = {"NextToken": page["NextToken"]}
        self.assertEqual(found, every)

    def test_the_impact_graph_leads_from_the_client_to_the_cause(self):
        insight = self.summaries()[0]["InsightId"]
        graph = self.xray.get_insight_impact_graph(InsightId=insight, StartTime=self.fell, EndTime=self.end)
        self.assertEqual(graph["InsightId"], insight)
        names = {service["ReferenceId"]: service["Name"] for service in graph["Services"]}
        edges = {
            (service["Name"], names[edge["ReferenceId"]]) for service in graph["Services"] for edge in service["Edges"]}
        self.assertIn(("web", "orders"), edges)

    def test_an_insight_outlives_a_kill(self):
        before = self.summaries()[0]["InsightId"]
        self.server.restart()
        type(self).xray = self.server.client()
        self.assertEqual([summary["InsightId"] for summary in self.summaries()], [before])

    def test_every_operation_answers_in_its_shape(self):
        insight = self.summaries()[0]["InsightId"]
        rule = {
            "RuleName": "r", "ResourceARN": "*", "Priority": 1, "FixedRate": 0.1, "ReservoirSize": 1,
            "ServiceName": "*", "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1}
        statistics = {
            "RuleName": "r", "ClientID": "a" * 24, "Timestamp": time.time(), "RequestCount": 1, "SampledCount": 1}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "xray:PutTraceSegments",
            "Resource": "*"}]})
        arn = {"ResourceARN": self.group["GroupARN"]}
        telemetry = {"Timestamp": time.time(), "SegmentsReceivedCount": 1, "BackendConnectionErrors": {"OtherCount": 1}}
        called = set()

        def call(name, **parameters):
            called.add(self.xray.meta.method_to_api_mapping[name])
            return getattr(self.xray, name)(**parameters)

        put_now = order(trace_id(now(), 7), now())
        self.assertEqual(call("put_trace_segments", TraceSegmentDocuments=put_now)["UnprocessedTraceSegments"], [])
        self.assertEqual(len(call("batch_get_traces", TraceIds=self.ids[:1])["Traces"]), 1)
        self.assertTrue(call("get_trace_summaries", **self.between)["TraceSummaries"])
        self.assertEqual(len(call("get_service_graph", **self.between)["Services"]), 4)
        self.assertTrue(call("get_time_series_service_statistics", **self.between)["TimeSeriesServiceStatistics"])
        self.assertEqual(len(call("get_trace_graph", TraceIds=self.ids[:1])["Services"]), 4)
        call("put_telemetry_records", TelemetryRecords=[telemetry], Hostname="host", EC2InstanceId="i-1")
        call("create_group", GroupName="g", FilterExpression="fault")
        changed = call("update_group", GroupName="g", FilterExpression="error")["Group"]
        self.assertEqual(changed["FilterExpression"], "error")
        self.assertEqual(call("get_group", GroupName="g")["Group"]["GroupName"], "g")
        self.assertEqual(len(call("get_groups")["Groups"]), 3)
        call("delete_group", GroupName="g")
        call("create_sampling_rule", SamplingRule=rule)
        call("update_sampling_rule", SamplingRuleUpdate={"RuleName": "r", "Priority": 2})
        self.assertEqual(call("get_sampling_rules")["SamplingRuleRecords"][0]["SamplingRule"]["Priority"], 2)
        [target] = call("get_sampling_targets", SamplingStatisticsDocuments=[statistics])["SamplingTargetDocuments"]
        self.assertEqual((target["RuleName"], target["FixedRate"]), ("r", 0.1))
        self.assertIn("SamplingStatisticSummaries", call("get_sampling_statistic_summaries"))
        call("delete_sampling_rule", RuleName="r")
        self.assertEqual(call("get_encryption_config")["EncryptionConfig"]["Type"], "NONE")
        call("put_encryption_config", Type="NONE")
        call("put_resource_policy", PolicyName="p", PolicyDocument=policy)
        self.assertEqual(len(call("list_resource_policies")["ResourcePolicies"]), 1)
        call("delete_resource_policy", PolicyName="p")
        call("tag_resource", **arn, Tags=[{"Key": "k", "Value": "v"}])
        self.assertEqual(call("list_tags_for_resource", **arn)["Tags"], [{"Key": "k", "Value": "v"}])
        call("untag_resource", **arn, TagKeys=["k"])
        self.assertEqual(len(call("get_indexing_rules")["IndexingRules"]), 1)
        call("update_indexing_rule", Name="Default", Rule={"Probabilistic": {"DesiredSamplingPercentage": 5}})
        self.assertEqual(call("get_trace_segment_destination")["Destination"], "XRay")
        call("update_trace_segment_destination", Destination="XRay")
        token = call("start_trace_retrieval", TraceIds=self.ids[:1], **self.between)
        del token["ResponseMetadata"]
        self.assertIn("RetrievalStatus", call("list_retrieved_traces", **token))
        self.assertIn("RetrievalStatus", call("get_retrieved_traces_graph", **token))
        call("cancel_trace_retrieval", **token)
        self.assertEqual(call("get_insight", InsightId=insight)["Insight"]["InsightId"], insight)
        self.assertEqual(len(call("get_insight_summaries", GroupName="shop", **self.between)["InsightSummaries"]), 1)
        self.assertTrue(call("get_insight_events", InsightId=insight)["InsightEvents"])
        self.assertTrue(call("get_insight_impact_graph", InsightId=insight, **self.between)["Services"])
        self.assertEqual(called, set(self.xray.meta.service_model.operation_names))
        self.assertEqual(len(called), 38)


if __name__ == "__main__":
    unittest.main()
