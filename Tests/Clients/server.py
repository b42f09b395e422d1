"""Runs `fluoro serve`, and gives the clients that talk to it."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import boto3
from botocore.config import Config

from shapes import misfits

FLUORO = os.environ["FLUORO"]
REGION = "eu-central-1"
# Long enough for a machine that does other work besides.
PATIENCE = 120


def surroundings(**variables):
    """The environment for a client program: nothing of the machine's own AWS set-up, and made-up credentials."""
    kept = {
        name: value for name, value in os.environ.items()
        if not name.startswith(("AWS_", "LAMBDA_", "OTEL_", "_X_")) and not name.lower().endswith("_proxy")}
    return kept | {
        "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    } | variables


def eventually(condition, seconds=PATIENCE):
    """What `condition` gives as soon as it gives something; its last answer when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer or time.monotonic() > deadline:
            return answer
        time.sleep(0.05)


def check_shape(operation_model, response_dict, **_):
    """Fails where an answer has what clients would pass over without a word."""
    if response_dict["status_code"] == 200:
        found = misfits(json.loads(response_dict["body"]), operation_model.output_shape)
        assert not found, f"{operation_model.name}: {found[:5]}"


class Server:
    """A `fluoro serve` on a free port, with a folder of its own that outlives restarts."""

    def __init__(self, *arguments):
        self.arguments = arguments
        self.folder = tempfile.TemporaryDirectory(prefix="fluoro-clients-")
        self.data = os.path.join(self.folder.name, "data")
        self.process = None
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None and self.process is not None:
                self.stop()
        finally:
            self.close()

    def start(self):
        """Starts on the folder, and waits until it says that it is ready."""
        self.log = os.path.join(self.folder.name, "log")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [FLUORO, "serve", "--listen", "127.0.0.1:0", "--data", self.data, *self.arguments],
                env=surroundings(), stdout=subprocess.PIPE, stderr=log, text=True)
        self.lines = []
        ready = threading.Event()
        threading.Thread(target=self._read, args=(self.process.stdout, ready), daemon=True).start()
        ready.wait(PATIENCE)
        found = re.search(r"^fluoro: serving http://127\.0\.0\.1:(\d+)/", "".join(self.lines), re.MULTILINE)
        if found is None:
            raise RuntimeError(f"not ready: {self.lines} {self.logged()}")
        self.port = int(found[1])
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.address}"

    def _read(self, output, ready):
        # Read to the end, else a server that prints much would wait for its reader.
        for line in output:
            self.lines.append(line)
            if "serving http://" in line:
                ready.set()
        ready.set()

    def stop(self):
        """Ends the server in the orderly way."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.process = None
        if status != 0:
            raise RuntimeError(f"serve ended with {status}: {self.logged()}")

    def kill(self):
        """Ends the server without a word (SIGKILL)."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE)
            self.process.stdout.close()
            self.process = None

    def restart(self):
        """Starts again, on the same folder and maybe another port, after a SIGKILL."""
        self.kill()
        self.start()

    def close(self):
        self.kill()
        self.folder.cleanup()

    def logged(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    # What it says of itself

    def get(self, path):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.url + path, timeout=PATIENCE) as answer:
            return answer.read().decode()

    def metrics(self):
        """The samples of `/metrics`: numbers by name and labels, as they are written."""
        lines = [line for line in self.get("/metrics").splitlines() if line and not line.startswith("#")]
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}

    def ask(self, *arguments):
        """What a command of `fluoro` answers about the folder; the server must have ended."""
        return json.loads(subprocess.run(
            [FLUORO, *arguments, "--json", "--data", self.data], stdout=subprocess.PIPE, check=True, text=True,
            timeout=PATIENCE).stdout)

    # Clients

    def client(self, key="x", secret="y", token=None):
        """boto3's client of the X-Ray API: it sends every call once, and insists on answers that fit the model."""
        session = boto3.Session(
            aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token, region_name=REGION)
        config = Config(retries={"total_max_attempts": 1}, read_timeout=PATIENCE, proxies={})
        client = session.client("xray", endpoint_url=self.url, config=config)
        client.meta.events.register("before-parse.xray", check_shape)
        return client

    def post(self, path, body, content_type="application/json", **headers):
        """Posts by hand: the status, the headers and the body of the answer."""
        request = urllib.request.Request(
            self.url + path, data=body, headers={"Content-Type": content_type} | headers, method="POST")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=PATIENCE) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.headers, refusal.read()

    def run(self, program, *arguments, **environment):
        """What a Python program prints, whose SDK sends here."""
        programs = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")
        done = subprocess.run(
            [sys.executable, os.path.join(programs, program), *arguments], timeout=PATIENCE, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=surroundings(AWS_XRAY_DAEMON_ADDRESS=self.address, ENDPOINT=self.url, **environment))
        if done.returncode != 0:
            raise RuntimeError(f"{program} ended with {done.returncode}: {done.stderr}")
        return done.stdout
