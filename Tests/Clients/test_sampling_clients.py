"""The official X-Ray SDK for Python samples by the rules of `fluoro serve`, and reports to it."""

import json
import time
import unittest

from server import Server, eventually

ANY = {
    "ResourceARN": "*", "ReservoirSize": 0, "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*",
    "Version": 1}


class SamplingClientsTest(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Server())
        self.xray = self.server.client()
        for name, service, rate in [("all", "shop", 1), ("none", "health", 0)]:
            self.xray.create_sampling_rule(
                SamplingRule=ANY | {"RuleName": name, "Priority": 1, "ServiceName": service, "FixedRate": rate})

    def summaries(self, begin, expression):
        return self.xray.get_trace_summaries(
            StartTime=begin, EndTime=time.time() + 1, FilterExpression=expression)["TraceSummaries"]

    def test_rules_are_honoured_and_requests_reported(self):
        begin = time.time() - 1
        said = json.loads(self.server.run("centralized.py"))
        self.assertEqual(said["rules"], ["all", "none", "Default"])
        self.assertEqual(said["decisions"]["shop"], ["all"] * 50)
        self.assertEqual(said["decisions"]["health"], [None] * 50)
        self.assertEqual(said["decisions"]["changed"], ["none"] * 10)
        windows = {}

        def total(rule):
            """Requests and sampled ones. Windows of ten seconds are told when they are over."""
            for summary in self.xray.get_sampling_statistic_summaries()["SamplingStatisticSummaries"]:
                windows[summary["RuleName"], summary["Timestamp"]] = summary
            told = [summary for (name, _), summary in windows.items() if name == rule]
            return [sum(summary[name] for summary in told) for name in ("RequestCount", "SampledCount", "BorrowCount")]

        self.assertTrue(eventually(lambda: total("all") == [50, 50, 0]), windows)
        self.assertTrue(eventually(lambda: total("none")[0] > 50), windows)
        # Ten more were sampled; the SDK ends before it reports them, unless it was slow.
        self.assertIn(total("none"), [[51, 0, 0], [61, 10, 0]])
        eventually(lambda: len(self.summaries(begin, 'service("shop")')) == 50)
        shop = self.summaries(begin, 'service("shop")')
        self.assertEqual((len(shop), len(self.summaries(begin, 'service("health")'))), (50, 10))
        [trace] = self.xray.batch_get_traces(TraceIds=[shop[0]["Id"]])["Traces"]
        document = json.loads(trace["Segments"][0]["Document"])
        self.assertEqual(document["aws"]["xray"]["sampling_rule_name"], "all")


if __name__ == "__main__":
    unittest.main()
