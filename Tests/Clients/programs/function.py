"""A Lambda function with a patched boto3: Lambda records the segment, the SDK sends subsegments alone."""

import http.server
import threading

import boto3
from aws_xray_sdk.core import patch, xray_recorder

patch(["boto3"])


class Bucket(http.server.BaseHTTPRequestHandler):
    """Answers as S3 does, as far as a PutObject asks."""

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.trace_header = self.headers["X-Amzn-Trace-Id"]
        self.send_response(200)
        self.send_header("x-amz-request-id", "4442587FB7D0A2F9")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Bucket)
threading.Thread(target=server.serve_forever, daemon=True).start()
s3 = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{server.server_port}")

with xray_recorder.in_subsegment("save") as save:
    save.put_annotation("order", 17)
    s3.put_object(Bucket="orders", Key="17.json", Body=b"{}")
assert "Root=1-6b015d92-a006649127e371903a2de979" in server.trace_header

try:
    with xray_recorder.in_subsegment("notify"):
        raise TimeoutError("nobody answers")
except TimeoutError:
    pass
