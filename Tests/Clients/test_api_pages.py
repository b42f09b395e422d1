"""Paging tokens of the API: whole and disjoint pages while others write, and no use in another query."""

import json
import threading
import unittest

from documents import now, put, segment, trace_id
from server import Server, eventually

TRACES = 600


class PagesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.xray = cls.server.client()
        cls.begin = now()
        cls.ids = {trace_id(cls.begin, index) for index in range(TRACES)}
        put(cls.xray, [
            json.dumps(segment("shop", trace, cls.begin + index / TRACES * 50, annotations={"even": index % 2 == 0}))
            for index, trace in enumerate(sorted(cls.ids))])

    def range(self, **parameters):
        return {"StartTime": self.begin, "EndTime": self.begin + 60} | parameters

    def pages(self, **parameters):
        return list(self.xray.get_paginator("get_trace_summaries").paginate(**self.range(**parameters)))

    def check(self, pages, expected):
        found = [summary["Id"] for page in pages for summary in page["TraceSummaries"]]
        self.assertEqual(len(found), len(set(found)), "a trace came twice")
        self.assertEqual(set(found) & self.ids, expected)
        starts = [
            max(summary["StartTime"] for summary in page["TraceSummaries"]) for page in pages if page["TraceSummaries"]]
        self.assertEqual(starts, sorted(starts, reverse=True), "pages are to come newest first")

    def test_pages_are_whole_and_disjoint(self):
        pages = self.pages()
        self.assertGreater(len(pages), 1)
        self.check(pages, self.ids)
        self.assertGreaterEqual(sum(page["TracesProcessedCount"] for page in pages), TRACES)
        self.assertTrue(all("ApproximateTime" in page for page in pages))

    def test_pages_of_a_filter_are_whole_and_disjoint(self):
        pages = self.pages(FilterExpression="annotation.even = true")
        self.check(pages, set(sorted(self.ids)[::2]))

    def test_pages_of_every_kind_of_range_are_whole_and_disjoint(self):
        # Twelve traces begin each second, and take a tenth of one.
        ends = {trace: index / TRACES * 50 + 0.1 for index, trace in enumerate(sorted(self.ids))}
        for kind, expected in [
            ("Service", {trace for trace, end in ends.items() if 10.01 <= end < 30.01}),
            ("Event", {trace for trace, end in ends.items() if 10.01 <= end and end - 0.1 < 30.01}),
            ("TraceId", {trace for trace, end in ends.items() if 10.01 <= end - 0.1 < 30.01})]:
            with self.subTest(kind):
                pages = self.xray.get_paginator("get_trace_summaries").paginate(
                    StartTime=self.begin + 10.01, EndTime=self.begin + 30.01, TimeRangeType=kind)
                self.check(list(pages), expected)

    def test_pages_stay_whole_while_others_write(self):
        over = threading.Event()
        written = []

        def write():
            client = self.server.client()
            while not over.wait(0.02) and len(written) < 2 * TRACES:
                # Before, between and after the traces that are read, all within the range.
                batch = [trace_id(self.begin, 10 ** 6 + len(written) + index) for index in range(20)]
                put(client, [
                    json.dumps(segment("shop", trace, self.begin + (len(written) + index) % 59))
                    for index, trace in enumerate(batch)])
                written.extend(batch)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            eventually(lambda: written)
            for _ in range(3):
                self.check(self.pages(), self.ids)
        finally:
            over.set()
            writer.join()
        self.assertTrue(written)

    def test_a_token_serves_its_own_query_alone(self):
        first = self.xray.get_trace_summaries(**self.range())
        token = first["NextToken"]
        same = [self.xray.get_trace_summaries(**self.range(NextToken=token)) for _ in range(2)]
        ids = [[summary["Id"] for summary in page["TraceSummaries"]] for page in same]
        self.assertEqual(ids[0], ids[1])
        for parameters in [
            {"FilterExpression": "fault"}, {"TimeRangeType": "Event"}, {"EndTime": self.begin + 59},
            {"StartTime": self.begin + 1}]:
            with self.subTest(parameters), self.assertRaises(self.xray.exceptions.InvalidRequestException):
                self.xray.get_trace_summaries(**self.range(NextToken=token) | parameters)

    def test_tokens_that_were_never_given_are_refused(self):
        token = self.xray.get_trace_summaries(**self.range())["NextToken"]
        for wrong in ["x", token[:-1], token + "A", token[::-1], "\0", "é" * 50, "A" * 5000]:
            with self.subTest(wrong[:20]), self.assertRaises(self.xray.exceptions.InvalidRequestException):
                self.xray.get_trace_summaries(**self.range(NextToken=wrong))

    def test_a_token_outlives_its_server(self):
        page = self.xray.get_trace_summaries(**self.range())
        self.server.restart()
        type(self).xray = self.server.client()
        found = [summary["Id"] for summary in page["TraceSummaries"]]
        while token := page.get("NextToken"):
            page = self.xray.get_trace_summaries(**self.range(NextToken=token))
            found += [summary["Id"] for summary in page["TraceSummaries"]]
        self.assertEqual(len(found), len(set(found)))
        self.assertLessEqual(self.ids, set(found))


if __name__ == "__main__":
    unittest.main()
