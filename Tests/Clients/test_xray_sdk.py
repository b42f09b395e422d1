"""What the official X-Ray SDK for Python sends over UDP comes back from the store."""

import json
import unittest

from receiver import Receiver


class XRaySDKTest(unittest.TestCase):
    def setUp(self):
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)

    def check_ledger(self, ledger):
        for hop in ledger["hops"]:
            self.assertEqual((hop["rejected"], hop["dropped"], hop["held"]), ({}, {}, 0), hop)
            self.assertEqual(hop["received"], hop["passed_on"], hop)
        self.assertEqual(ledger["hops"][-1]["passed_on"], ledger["documents"])
        self.assertEqual(json.loads(self.receiver.ask("check", "--json"))["documents"], ledger["documents"])

    def test_a_server_is_traced_with_all_it_says(self):
        self.receiver.run("server.py")
        self.check_ledger(self.receiver.stop())
        [segment] = self.receiver.segments("1-6b015d90-a006649127e371903a2de979")
        self.assertEqual((segment["name"], segment["user"], segment["fault"]), ("shop", "4711", True))
        self.assertEqual(segment["annotations"], {"items": 3, "coupon": True, "city": "Forlì"})
        self.assertEqual(segment["metadata"]["cart"]["basket"], {"books": ["a", "b"], "ratio": 0.25})
        self.assertEqual(segment["http"]["response"]["status"], 500)
        self.assertEqual(segment["aws"]["xray"]["sdk"], "X-Ray for Python")
        price, stock = segment["subsegments"]
        self.assertEqual((price["name"], price["annotations"]), ("price", {"currency": "EUR"}))
        self.assertEqual([(tax["name"], tax["namespace"]) for tax in price["subsegments"]], [("tax", "remote")])
        [exception] = stock["cause"]["exceptions"]
        self.assertEqual((exception["type"], exception["message"]), ("LookupError", "no such item"))
        self.assertTrue(stock["fault"] and exception["stack"])

    def test_subsegments_that_were_sent_ahead_come_back_in_their_segment(self):
        self.receiver.run("server.py")
        self.check_ledger(self.receiver.stop())
        [segment] = self.receiver.segments("1-6b015d91-a006649127e371903a2de979")
        names = {subsegment["name"] for subsegment in segment["subsegments"]}
        self.assertEqual(names, {f"item {index}" for index in range(60)})

    def test_a_lambda_function_is_traced_under_the_segment_that_lambda_records(self):
        trace, parent = "1-6b015d92-a006649127e371903a2de979", "53995c3f42cd8ad8"
        self.receiver.run(
            "function.py", LAMBDA_TASK_ROOT="/var/task", AWS_LAMBDA_FUNCTION_NAME="orders",
            _X_AMZN_TRACE_ID=f"Root={trace};Parent={parent};Sampled=1")
        self.check_ledger(self.receiver.stop())
        subsegments = {entity["name"]: entity for entity in self.receiver.segments(trace)}
        self.assertEqual(set(subsegments), {"save", "notify"})
        save, notify = subsegments["save"], subsegments["notify"]
        self.assertEqual((save["parent_id"], notify["parent_id"]), (parent, parent))
        self.assertEqual(save["annotations"], {"order": 17})
        [call] = save["subsegments"]
        self.assertEqual((call["name"], call["namespace"]), ("s3", "aws"))
        self.assertEqual((call["aws"]["operation"], call["aws"]["bucket_name"]), ("PutObject", "orders"))
        self.assertEqual(call["http"]["response"]["status"], 200)
        self.assertEqual(notify["cause"]["exceptions"][0]["type"], "TimeoutError")

    def test_documents_are_kept_as_they_were_sent(self):
        self.receiver.run("server.py")
        ledger = self.receiver.stop()
        documents = self.receiver.ask("export", "--format", "raw").splitlines()
        self.assertEqual(len(documents), ledger["documents"])
        self.assertIn('"name": "batch"', documents[-1])
        # The SDK leaves blanks behind its separators; nobody who writes the documents anew would.
        self.assertTrue(all('", "' in document for document in documents))


if __name__ == "__main__":
    unittest.main()
