"""What `fluoro serve` survives: a kill with functions running and events accepted, an orderly stop, hostile archives."""

import base64
import io
import json
import os
import subprocess
import sys
import time
import unittest
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from functions import TRUST, archive
from server import FLUORO, REGION, Server, eventually, surroundings

PYTHON = f"python3.{sys.version_info.minor}"

# Notes each attempt: the request, the process, and what it has made.
NOTING = '''
import os
import subprocess
import time

notes = os.environ["NOTES"]


def handler(event, context):
    child = subprocess.Popen(["sleep", "3600"], start_new_session=True).pid if event.get("leaves") else 0
    with open(notes) as file:
        before = file.read().count(context.aws_request_id)
    with open(notes, "a") as file:
        file.write(f"{context.aws_request_id} {os.getpid()} {child}\\n")
    if before < event.get("sleeps", 0):
        time.sleep(3600)
    if before < event.get("fails", 0):
        raise ValueError("as you wish")
    client = context.client_context
    return {"pid": os.getpid(), "before": before, "client": client and client.custom}
'''


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def state(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]


def entities(documents):
    """All segments and subsegments, wherever they stand."""
    for document in documents:
        yield document
        yield from entities(document.get("subsegments", []))


class FaultTest(unittest.TestCase):
    def serve(self, *arguments):
        self.server = self.enterContext(Server("--python", sys.executable, *arguments))
        self.notes = os.path.join(self.server.folder.name, "notes")
        open(self.notes, "w").close()
        self.connect()
        return self.server

    def connect(self):
        """After each start: the port may be another."""
        self.lambda_ = self.client("lambda")

    def client(self, service):
        return boto3.client(
            service, endpoint_url=self.server.url, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="y",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=120))

    def function(self, name, code=NOTING, zip_file=None, **more):
        iam = self.client("iam")
        role = iam.create_role(RoleName=f"{name}-role", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        iam.attach_role_policy(
            RoleName=f"{name}-role", PolicyArn="arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess")
        return self.lambda_.create_function(
            FunctionName=name, Role=role, Runtime=PYTHON, Handler="app.handler", Timeout=600, MemorySize=512,
            Code={"ZipFile": zip_file or archive(app__py=code)}, TracingConfig={"Mode": "Active"},
            Environment={"Variables": {"NOTES": self.notes}}, **more)

    def send(self, name, **event):
        """Sends an event into a trace of its own, which is sampled: the ids of the request and the trace."""
        root = f"1-{int(time.time()):08x}-{os.urandom(12).hex()}"

        def sample(request, **_):
            request.headers["X-Amzn-Trace-Id"] = f"Root={root};Sampled=1"
        client = self.client("lambda")
        client.meta.events.register("before-send.lambda.Invoke", sample)
        answer = client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event))
        self.assertEqual(answer["StatusCode"], 202)
        return answer["ResponseMetadata"]["RequestId"], root

    def attempts(self, request_id):
        """The processes of the attempts at a request, with what they made."""
        with open(self.notes) as file:
            lines = [line.split() for line in file]
        return [(int(pid), int(child)) for request, pid, child in lines if request == request_id]

    def reached(self, request_id, count):
        self.assertTrue(eventually(lambda: len(self.attempts(request_id)) >= count), self.server.logged())

    def documents(self, root):
        traces = self.client("xray").batch_get_traces(TraceIds=[root])["Traces"]
        return [json.loads(segment["Document"]) for trace in traces for segment in trace["Segments"]]

    def numbered(self, root, count):
        """The attempts of a trace by their numbers, once the last is there."""
        def found():
            named = [(entity["name"], entity) for entity in entities(self.documents(root))]
            return {int(name.split("#")[1]): entity for name, entity in named if name.startswith("Attempt #")}
        self.assertTrue(eventually(lambda: count in found()), root)
        return found()

    def test_events_survive_a_kill_and_nothing_is_left_behind(self):
        server = self.serve("--time-scale", "20")
        self.function("kept")
        # One that runs and has made a process that left its group, one that waits for its second attempt, and many that
        # have just been accepted.
        running, running_root = self.send("kept", sleeps=1, leaves=True)
        waiting, waiting_root = self.send("kept", fails=2)
        self.reached(running, 1)
        self.reached(waiting, 1)
        (function, child), = self.attempts(running)
        other = self.attempts(waiting)[0][0]
        accepted = [self.send("kept")[0] for _ in range(20)]
        server.kill()
        for pid in (function, other):
            self.assertTrue(eventually(lambda: not is_alive(pid)), f"{pid} outlived its server")
        server.start()
        self.connect()
        # What the function made is gone when the server is ready.
        self.assertFalse(is_alive(child))
        for request in accepted:
            self.reached(request, 1)
        self.reached(running, 2)
        self.reached(waiting, 3)
        self.assertLessEqual(max(len(self.attempts(request)) for request in accepted), 2)
        self.assertEqual(len(self.attempts(running)), 2)
        numbered = self.numbered(running_root, 2)
        self.assertTrue(numbered[1].get("fault"))
        self.assertFalse(numbered[2].get("fault"))
        # What the first server had not stored yet is lost with it; the second goes on with the count.
        numbered = self.numbered(waiting_root, 3)
        self.assertIn(2, numbered)
        self.assertLessEqual(len({entity.get("parent_id") for entity in numbered.values()} - {None}), 1)
        # Done is done: nothing comes again.
        counts = {request: len(self.attempts(request)) for request in [running, waiting, *accepted]}
        server.restart()
        self.connect()
        self.lambda_.invoke(FunctionName="kept", Payload="{}")
        self.assertEqual(counts, {request: len(self.attempts(request)) for request in counts})

    def test_attempts_follow_each_other_in_scaled_time(self):
        self.serve("--time-scale", "60")
        self.function("failing")
        request, root = self.send("failing", fails=3)
        self.reached(request, 3)
        numbered = self.numbered(root, 3)
        self.assertEqual(set(numbered), {1, 2, 3})
        starts = [numbered[number]["start_time"] for number in (1, 2, 3)]
        self.assertGreaterEqual(starts[1] - starts[0], 0.99)
        self.assertGreaterEqual(starts[2] - starts[1], 1.99)

    def test_a_stop_keeps_what_waits(self):
        server = self.serve("--time-scale", "20")
        self.function("stopped")
        request, _ = self.send("stopped", fails=1)
        self.reached(request, 1)
        pid = self.attempts(request)[0][0]
        server.stop()
        self.assertFalse(is_alive(pid))
        server.start()
        self.connect()
        self.reached(request, 2)

    def test_frozen_functions_stand_still_and_end_with_the_server(self):
        server = self.serve("--freeze")
        self.function("frozen")
        invoke = lambda: json.loads(self.lambda_.invoke(FunctionName="frozen", Payload="{}")["Payload"].read())
        pid = invoke()["pid"]
        self.assertTrue(eventually(lambda: state(pid) == "T"))
        self.assertEqual(invoke()["pid"], pid)
        self.assertTrue(eventually(lambda: state(pid) == "T"))
        server.kill()
        self.assertTrue(eventually(lambda: not is_alive(pid)))

    def test_the_context_of_the_caller_and_the_traceback_of_an_import(self):
        self.serve()
        self.function("told")
        context = base64.b64encode(json.dumps({"custom": {"a": "ä"}}, indent=2).encode()).decode()
        answer = self.lambda_.invoke(FunctionName="told", Payload="{}", ClientContext=context)
        self.assertEqual(json.loads(answer["Payload"].read())["client"], {"a": "ä"})

        self.function("broken", "print('before')\nimport surely_not_there\n\ndef handler(event, context): pass\n")
        answer = self.lambda_.invoke(FunctionName="broken", Payload="{}", LogType="Tail")
        self.assertEqual(answer["FunctionError"], "Unhandled")
        log = base64.b64decode(answer["LogResult"]).decode()
        self.assertLess(log.index("before"), log.index("START RequestId"))
        self.assertIn("No module named 'surely_not_there'", log)

    def test_the_command_line_shows_the_traceback(self):
        self.serve()
        self.function("broken", "import surely_not_there\n")
        run = subprocess.run(
            [FLUORO, "invoke", "broken", "--tail", "--endpoint", self.server.url], env=surroundings(),
            capture_output=True, text=True, timeout=120)
        self.assertIn("No module named 'surely_not_there'", run.stderr)

    def test_hostile_archives_are_refused_and_leave_nothing(self):
        server = self.serve()
        for name in ("../climbs", "/absolute", "a/../../climbs"):
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w") as file:
                file.writestr("app.py", "")
                file.writestr(name, "x")
            self.refuse(buffer.getvalue())
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file, file.open("bomb", "w") as entry:
            for _ in range(260):
                entry.write(bytes(1 << 20))
        self.refuse(buffer.getvalue())
        functions = os.path.join(server.data, "functions")
        left = [os.path.join(folder, name) for folder, _, names in os.walk(functions) for name in names]
        self.assertEqual(left, [])

    def refuse(self, zip_file):
        name = f"hostile-{os.urandom(4).hex()}"
        with self.assertRaises(ClientError) as refused:
            self.function(name, zip_file=zip_file)
        self.assertEqual(refused.exception.response["Error"]["Code"], "InvalidParameterValueException")


if __name__ == "__main__":
    unittest.main()
