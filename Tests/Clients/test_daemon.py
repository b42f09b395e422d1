"""What the official X-Ray SDK for Python gives to `fluoro daemon` reaches the X-Ray API."""

import glob
import os
import subprocess
import tempfile
import unittest

from daemon import FLUORO, Daemon, XRay

FIXTURES = os.path.join(os.path.dirname(__file__), "..", "RecordedTraces", "Fixtures")


class DaemonTest(unittest.TestCase):
    def setUp(self):
        self.xray = XRay()
        self.addCleanup(self.xray.close)
        self.daemon = Daemon(self.xray.endpoint)
        self.addCleanup(self.daemon.close)

    def test_every_document_of_the_recorded_scenarios_arrives_as_it_was(self):
        paths = sorted(glob.glob(os.path.join(FIXTURES, "*.datagrams")))
        documents = []
        for path in paths:
            with open(path, encoding="utf-8", newline="\n") as file:
                documents += file.read().split("\n")[1::2]
        self.assertGreater(len(documents), 400)
        self.daemon.run("replay.py", *paths)
        log = self.daemon.stop()
        self.assertEqual(sorted(self.xray.documents), sorted(documents))
        self.assertIn("0 lost", log)

    def test_a_servers_documents_arrive_in_signed_calls(self):
        self.daemon.run("server.py")
        self.daemon.stop()
        self.assertTrue(any('"shop"' in document for document in self.xray.documents))
        path, headers, body = next(request for request in self.xray.requests if request[0] == "/TraceSegments")
        self.assertRegex(headers["Authorization"], r"^AWS4-HMAC-SHA256 Credential=x/\d{8}/eu-central-1/xray/aws4_request, ")
        self.assertRegex(headers["X-Amzn-Xray-Timestamp"], r"^\d{10}\.\d{9}$")
        self.assertRegex(headers["User-Agent"], r"xray-agent/xray-daemon/\S+ exec-env/UNKNOWN OS/linux-")
        self.assertLessEqual(len(body["TraceSegmentDocuments"]), 50)

    def test_a_store_beside_the_api_has_the_same_documents(self):
        with tempfile.TemporaryDirectory(prefix="fluoro-clients-") as folder:
            daemon = Daemon(self.xray.endpoint, "--store", folder)
            self.addCleanup(daemon.close)
            daemon.run("server.py")
            daemon.stop()
            raw = subprocess.run(
                [FLUORO, "export", "--format", "raw", "--data", folder], stdout=subprocess.PIPE, check=True, text=True,
                timeout=60).stdout.splitlines()
        self.assertGreater(len(raw), 1)
        self.assertEqual(sorted(raw), sorted(self.xray.documents))

    def test_telemetry_tells_the_truth_at_the_end(self):
        self.daemon.run("server.py")
        self.daemon.stop()
        [body] = self.xray.bodies("/TelemetryRecords")
        [record] = body["TelemetryRecords"]
        self.assertEqual(record["SegmentsReceivedCount"], len(self.xray.documents))
        self.assertEqual(record["SegmentsSentCount"], len(self.xray.documents))
        self.assertEqual(record["SegmentsSpilloverCount"], 0)

    def test_sampling_rules_come_through_the_proxy(self):
        rule = {
            "RuleName": "half", "RuleARN": "arn:aws:xray:eu-central-1:1:sampling-rule/half", "ResourceARN": "*",
            "Priority": 1, "FixedRate": 0.5, "ReservoirSize": 1, "ServiceName": "*", "ServiceType": "*", "Host": "*",
            "HTTPMethod": "*", "URLPath": "*", "Version": 1, "Attributes": {}}
        default = rule | {"RuleName": "Default", "Priority": 10000}
        self.xray.answers["/GetSamplingRules"] = {
            "SamplingRuleRecords": [{"SamplingRule": rule}, {"SamplingRule": default}]}
        self.xray.answers["/SamplingTargets"] = {"SamplingTargetDocuments": [], "LastRuleModification": 0}
        output = self.daemon.run("sampling.py")
        self.daemon.stop()
        self.assertIn("'half'", output)
        self.assertTrue(self.xray.bodies("/GetSamplingRules"))
        _, headers, _ = next(request for request in self.xray.requests if request[0] == "/GetSamplingRules")
        self.assertIn("AWS4-HMAC-SHA256", headers["Authorization"])


if __name__ == "__main__":
    unittest.main()
