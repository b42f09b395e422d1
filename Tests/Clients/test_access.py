"""Who may call: signatures of boto3, bearer tokens, hosts and origins."""

import json
import os
import tempfile
import unittest

from botocore.exceptions import ClientError

from documents import now, order, put, trace_id
from server import Server

KEYS = """
[alice]
aws_access_key_id = AKIAALICE
aws_secret_access_key = alices/secret+key
[dashboard]
bearer_token = a-long-random-word
"""


class SignaturesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="fluoro-clients-"))
        keys = os.path.join(folder, "keys.ini")
        with open(os.open(keys, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write(KEYS)
        cls.server = cls.enterClassContext(Server("--auth", keys))

    def test_whoever_signs_with_a_key_may_call(self):
        alice = self.server.client("AKIAALICE", "alices/secret+key")
        begin = now()
        put(alice, order(trace_id(begin, 1), begin) + order(trace_id(begin, 2), begin, user="Zoë \u202e"))
        found = alice.get_trace_summaries(StartTime=begin, EndTime=begin + 1)["TraceSummaries"]
        self.assertEqual(len(found), 2)
        group = alice.create_group(GroupName="g", FilterExpression='user = "Zoë"')["Group"]
        self.assertEqual(alice.get_group(GroupARN=group["GroupARN"])["Group"], group)

    def test_nobody_else_may(self):
        for key, secret, name in [
            ("AKIAALICE", "another", "InvalidSignatureException"), ("AKIABOB", "bobs", "UnrecognizedClientException")]:
            client = self.server.client(key, secret)
            for call in (client.get_sampling_rules, client.get_groups):
                with self.subTest(name), self.assertRaises(ClientError) as refusal:
                    call()
                error = refusal.exception.response
                self.assertEqual((error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]), (name, 403))
            begin = now()
            with self.assertRaises(ClientError):
                put(client, order(trace_id(begin, 9), begin))
            alice = self.server.client("AKIAALICE", "alices/secret+key")
            self.assertEqual(alice.batch_get_traces(TraceIds=[trace_id(begin, 9)])["Traces"], [])
        for path in ("/Groups", "/v1/traces", "/api/v2/spans"):
            self.assertEqual(self.server.post(path, b"{}")[0], 403, path)

    def test_a_bearer_token_does_as_well(self):
        right = self.server.post("/Groups", b"{}", Authorization="Bearer a-long-random-word")
        wrong = self.server.post("/Groups", b"{}", Authorization="Bearer x")
        self.assertEqual((right[0], json.loads(right[2])["Groups"][0]["GroupName"]), (200, "Default"))
        self.assertEqual(wrong[0], 403)


class OriginsTest(unittest.TestCase):
    def test_pages_of_other_sites_may_not_call(self):
        with Server() as server:
            port = server.port
            for headers, allowed in [
                ({"Host": f"127.0.0.1:{port}"}, True), ({"Host": f"localhost:{port}"}, True),
                ({"Host": "attacker.example"}, False), ({"Host": f"attacker.example:{port}"}, False),
                ({"Origin": "https://attacker.example"}, False), ({"Origin": "null"}, False),
                ({"Origin": f"http://127.0.0.1:{port}"}, True)]:
                with self.subTest(headers):
                    status, _, body = server.post("/CreateGroup", json.dumps({
                        "GroupName": f"g{len(str(headers))}", "FilterExpression": "fault"}).encode(), **headers)
                    self.assertEqual(status in (200, 400), allowed, (status, body))
            groups = server.client().get_groups()["Groups"]
            self.assertLessEqual(len(groups), 4)


if __name__ == "__main__":
    unittest.main()
