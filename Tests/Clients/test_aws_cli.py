"""The AWS CLI and the SAM CLI, as a user types them, against `fluoro serve`."""

import datetime
import json
import os
import subprocess
import sys
import unittest

from documents import now, order, put, trace_id
from server import PATIENCE, Server, surroundings

# Beside the Python of these tests; SAM wants an environment of its own, and is left out where there is none.
AWS = os.path.join(os.path.dirname(sys.executable), "aws")
SAM = os.environ.get("SAM", "")


class CommandsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.begin = now()
        cls.trace = trace_id(cls.begin, 1)
        cls.documents = order(cls.trace, cls.begin + 1, fails=True)

    def command(self, *arguments, **variables):
        done = subprocess.run(
            arguments, env=surroundings(**variables), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def aws(self, operation, *arguments):
        output = self.command(
            AWS, "xray", operation, *arguments, "--endpoint-url", self.server.url, "--output", "json")
        return json.loads(output) if output.strip() else {}

    def test_the_aws_cli_puts_and_asks(self):
        answer = self.aws("put-trace-segments", "--trace-segment-documents", *self.documents)
        self.assertEqual(answer["UnprocessedTraceSegments"], [])
        [trace] = self.aws("batch-get-traces", "--trace-ids", self.trace)["Traces"]
        names = {json.loads(part["Document"])["name"] for part in trace["Segments"]}
        self.assertEqual(names, {"web", "orders", "DynamoDB"})
        # The CLI sends times as they were typed.
        between = ["--start-time", str(self.begin), "--end-time", str(self.begin + 60)]
        summaries = self.aws("get-trace-summaries", *between, "--filter-expression", 'service("orders") { fault }')
        self.assertEqual([summary["Id"] for summary in summaries["TraceSummaries"]], [self.trace])
        iso = [
            datetime.datetime.fromtimestamp(self.begin + second, datetime.timezone.utc).isoformat()
            for second in (0, 60)]
        graph = self.aws("get-service-graph", "--start-time", iso[0], "--end-time", iso[1])
        self.assertLessEqual({"web", "orders", "items"}, {service["Name"] for service in graph["Services"]})
        group = self.aws("create-group", "--group-name", "slow", "--filter-expression", "responsetime > 5")["Group"]
        self.assertEqual(group["FilterExpression"], "responsetime > 5")
        rules = self.aws("get-sampling-rules")["SamplingRuleRecords"]
        self.assertEqual([record["SamplingRule"]["RuleName"] for record in rules], ["Default"])

    @unittest.skipUnless(SAM, "SAM names no sam of aws-sam-cli")
    def test_sam_traces_shows_a_trace(self):
        put(self.server.client(), self.documents)
        quiet = {
            "AWS_ENDPOINT_URL_XRAY": self.server.url, "SAM_CLI_TELEMETRY": "0", "SAM_CLI_CHECK_UPDATES": "0",
            "HOME": self.server.folder.name}
        trace = json.loads(self.command(SAM, "traces", "--trace-id", self.trace, "--output", "json", **quiet))
        self.assertEqual(trace["Id"], self.trace)
        self.assertEqual({document["name"] for document in trace["Segments"]}, {"web", "orders", "DynamoDB"})
        output = self.command(SAM, "traces", "--start-time", "20min ago", "--end-time", "now", **quiet)
        self.assertIn(self.trace, output)
        self.assertIn("items", output)


if __name__ == "__main__":
    unittest.main()
