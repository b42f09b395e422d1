"""Runs `fluoro receive` and asks `fluoro` what it stored."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile

FLUORO = os.environ["FLUORO"]


class Receiver:
    """A `fluoro receive` on a free port, with a folder of its own."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="fluoro-clients-")
        self.data = os.path.join(self.folder.name, "data")
        self.process = subprocess.Popen(
            [FLUORO, "receive", "--json", "--listen", "127.0.0.1:0", "--data", self.data],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        ready = self.process.stderr.readline()
        match = re.search(r"listening on (127\.0\.0\.1:\d+)", ready)
        if match is None:
            raise RuntimeError(f"not ready: {ready}{self.process.stderr.read()}")
        self.address = match[1]

    def run(self, program, **environment):
        """Runs a Python program whose SDK sends here."""
        variables = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAMBDA_", "_X_"))}
        variables |= {
            "AWS_XRAY_DAEMON_ADDRESS": self.address, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y",
            "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true",
        } | environment
        programs = os.path.join(os.path.dirname(__file__), "programs")
        subprocess.run(
            [sys.executable, os.path.join(programs, program)], env=variables, check=True, timeout=120)

    def stop(self):
        """Ends the receiver in the orderly way, and returns its ledger."""
        self.process.send_signal(signal.SIGTERM)
        output, errors = self.process.communicate(timeout=60)
        if self.process.returncode != 0:
            raise RuntimeError(f"receive ended with {self.process.returncode}: {errors}")
        return json.loads(output)

    def ask(self, *arguments):
        """What a reading command answers, without its JSON read."""
        command = [FLUORO, *arguments, "--data", self.data]
        return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, timeout=60).stdout

    def segments(self, trace_id):
        """The documents of a trace, without those that were inferred from calls."""
        trace = json.loads(self.ask("trace", trace_id, "--json"))["Traces"][0]
        documents = [json.loads(segment["Document"]) for segment in trace["Segments"]]
        return [document for document in documents if not document.get("inferred")]

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        self.folder.cleanup()
