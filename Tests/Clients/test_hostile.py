"""Connections that misbehave, and a server that is killed at work."""

import contextlib
import gzip
import json
import re
import socket
import struct
import threading
import unittest

from documents import now, put, segment, trace_id
from server import Server, eventually


class ConnectionsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.begin = now()
        cls.good = segment("good", trace_id(cls.begin, 1), cls.begin)
        put(cls.server.client(), [json.dumps(cls.good)])

    def tearDown(self):
        # Whatever it was, others are answered, and nothing of it was stored.
        found = self.server.client().get_trace_summaries(StartTime=self.begin - 3600, EndTime=self.begin + 3600)
        self.assertEqual([summary["Id"] for summary in found["TraceSummaries"]], [self.good["trace_id"]])

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=60)
        self.addCleanup(connection.close)
        return connection

    def talk(self, *parts):
        """Sends all that the server takes, and gives the status of its answer; `None` when it just hangs up."""
        connection = self.connect()
        with contextlib.suppress(ConnectionError):
            for part in parts:
                connection.sendall(part)
        answer = b""
        with contextlib.suppress(ConnectionError, TimeoutError):
            while b"\r\n" not in answer:
                received = connection.recv(4096)
                if not received:
                    break
                answer += received
        return int(answer.split()[1]) if answer.startswith(b"HTTP/1.") else None

    def head(self, *lines, path="/TraceSegments"):
        host = f"Host: {self.server.address}"
        return "\r\n".join([f"POST {path} HTTP/1.1", host, "Content-Type: application/json", *lines, "", ""]).encode()

    def refused(self, *parts):
        status = self.talk(*parts)
        self.assertTrue(status is None or 400 <= status < 500, status)

    def test_bodies_that_are_too_large(self):
        self.refused(self.head("Content-Length: 999999999999"), b"{")
        self.refused(self.head(f"Content-Length: {9 << 20}"), b" " * (9 << 20))
        self.refused(self.head(f"Content-Length: {3 << 20}", path="/Groups"), b" " * (3 << 20))
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        self.refused(self.head("Transfer-Encoding: chunked"), *[chunk] * 200)
        for size in (10 ** 7, 10 ** 8):
            bomb = gzip.compress(b" " * size)
            self.refused(self.head("Content-Encoding: gzip", f"Content-Length: {len(bomb)}"), bomb)

    def test_requests_that_are_none(self):
        for request in [
            self.head("Content-Length: 2", "Content-Length: 3") + b"{}", self.head("Content-Length: -1") + b"{}",
            self.head("Content-Length: 2", "Transfer-Encoding: chunked") + b"{}",
            self.head("Content-Length: 99999999999999999999") + b"{}",
            self.head("Transfer-Encoding: chunked") + b"zz\r\n",
            self.head("X: " + "a" * 100_000, "Content-Length: 2") + b"{}",
            self.head("A b: c", "Content-Length: 2") + b"{}",
            self.head(*[f"X{index}: y" for index in range(5000)], "Content-Length: 2") + b"{}",
            b"POST / HTTP/9.9\r\n\r\n", b"POST /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500 + b"\r\n\r\n"]:
            with self.subTest(request[:60]):
                self.refused(request)

    def test_clients_that_stop_halfway(self):
        left = [self.connect() for _ in range(60)]
        for index, connection in enumerate(left):
            connection.sendall([
                b"", b"POST /TraceSegments HT", self.head("Content-Length: 100")[:-2],
                self.head("Content-Length: 100") + b"{",
                self.head("Transfer-Encoding: chunked") + b"5\r\n{"][index % 5])
            if index % 2:
                # Gone with a reset, not with a farewell.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()

    def test_what_is_put_halfway_is_not_stored(self):
        body = json.dumps({"TraceSegmentDocuments": [json.dumps(segment("half", trace_id(self.begin, 2), self.begin))]})
        connection = self.connect()
        connection.sendall(self.head(f"Content-Length: {len(body)}") + body[:-1].encode())
        connection.close()

    def test_requests_in_a_row_are_answered_in_order(self):
        connection = self.connect()
        paths = ["/Groups", "/GetGroup", "/EncryptionConfig"] * 20
        connection.sendall(b"".join(self.head("Content-Length: 2", path=path) + b"{}" for path in paths))
        answer = b""
        while answer.count(b"HTTP/1.1 ") < len(paths) and (received := connection.recv(65_536)):
            answer += received
        statuses = re.findall(rb"HTTP/1\.1 (\d+)", answer)
        self.assertEqual(statuses, [b"200", b"400", b"200"] * 20)


class KillTest(unittest.TestCase):
    def test_what_was_answered_before_a_kill_is_there_afterwards(self):
        with Server() as server:
            begin = now()
            for life in range(3):
                answered = []
                writers = [
                    threading.Thread(target=self.write, args=(server.client(), begin, life * 10 + number, answered))
                    for number in range(3)]
                for writer in writers:
                    writer.start()
                eventually(lambda: len(answered) > 100)
                server.kill()
                for writer in writers:
                    writer.join()
                server.start()
                self.assertGreater(len(answered), 100)
                client = server.client()
                for index in range(0, len(answered), 5):
                    asked = answered[index:index + 5]
                    found = [trace["Id"] for trace in client.batch_get_traces(TraceIds=asked)["Traces"]]
                    self.assertEqual(found, asked)

    def write(self, client, begin, number, answered):
        """Puts traces until nobody answers any longer."""
        for index in range(100_000):
            traces = [trace_id(begin, number * 10 ** 8 + index * 10 + part) for part in range(5)]
            try:
                put(client, [json.dumps(segment("kept", trace, begin)) for trace in traces])
            except AssertionError:
                raise
            except Exception:
                return
            answered += traces


if __name__ == "__main__":
    unittest.main()
