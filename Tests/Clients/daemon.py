"""Runs `fluoro daemon` between an SDK and a stand-in for the X-Ray API."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FLUORO = os.environ["FLUORO"]


class XRay:
    """Keeps what it is sent, and answers sampling rules."""

    def __init__(self):
        self.documents = []
        self.requests = []
        lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    outer.requests.append((self.path, dict(self.headers), body))
                    outer.documents += body.get("TraceSegmentDocuments", [])
                answer = json.dumps(outer.answers.get(self.path, {})).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.answers = {"/TraceSegments": {"UnprocessedTraceSegments": []}}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def bodies(self, path):
        return [body for called, _, body in self.requests if called == path]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Daemon:
    """A `fluoro daemon` on free ports."""

    def __init__(self, endpoint, *arguments):
        self.process = subprocess.Popen(
            [FLUORO, "daemon", "--endpoint", endpoint, "-b", "127.0.0.1:0", "-t", "127.0.0.1:0", *arguments],
            env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line)
            match = re.search(r"Ready.*udp=(127\.0\.0\.1:\d+).*", line)
            if match:
                self.udp = match[1]
                self.tcp = "127.0.0.1:" + re.search(r"tcp=(\d+)", line)[1]
                break
        else:
            raise RuntimeError("not ready: " + "".join(self.lines))

    @staticmethod
    def environment():
        variables = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAMBDA_", "_X_"))}
        return variables | {
            "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true"}

    def run(self, program, *arguments, **environment):
        """Runs a Python program whose SDK sends here."""
        programs = os.path.join(os.path.dirname(__file__), "programs")
        address = f"tcp:{self.tcp} udp:{self.udp}"
        return subprocess.run(
            [sys.executable, os.path.join(programs, program), *arguments], check=True, timeout=120, text=True,
            stdout=subprocess.PIPE, env=self.environment() | {"AWS_XRAY_DAEMON_ADDRESS": address} | environment).stdout

    def stop(self):
        """Ends the daemon in the orderly way, and returns what it logged."""
        self.process.send_signal(signal.SIGTERM)
        rest, _ = self.process.communicate(timeout=60)
        if self.process.returncode != 0:
            raise RuntimeError(f"daemon ended with {self.process.returncode}: {rest}")
        return "".join(self.lines) + rest

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
