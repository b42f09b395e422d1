"""Functions for `fluoro serve`, as zip archives."""

import io
import json
import stat
import zipfile

TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})

TRACED = '''
import os

import boto3
from aws_xray_sdk.core import patch, xray_recorder

patch(["boto3"])
s3 = boto3.client("s3", endpoint_url=os.environ["BACKEND"])
table = boto3.client("dynamodb", endpoint_url=os.environ["BACKEND"])


def handler(event, context):
    with xray_recorder.in_subsegment("store") as subsegment:
        subsegment.put_annotation("order", event["order"])
        s3.put_object(Bucket="orders", Key=event["order"], Body=b"x")
        table.put_item(TableName="orders", Item={"id": {"S": event["order"]}})
    return {"stored": event["order"], "trace": os.environ["_X_AMZN_TRACE_ID"]}
'''

PLAIN = '''
import os
import sys
import time

STARTED = time.time()


def handler(event, context):
    print("hello from", os.getpid())
    if event.get("fail"):
        raise ValueError("as you wish")
    if event.get("exit"):
        os._exit(3)
    time.sleep(event.get("sleep", 0))
    return {"event": event, "version": context.function_version, "pid": os.getpid(), "greeting": os.environ.get("GREETING")}
'''

SHELL = '''#!/bin/sh
set -eu
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  headers=$(mktemp)
  event=$(curl -sS -D "$headers" "$api/next")
  id=$(sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: *//p' "$headers" | tr -d '\\r')
  rm "$headers"
  curl -sS -o /dev/null -X POST --data-binary "{\\"shell\\": $event}" "$api/$id/response"
done
'''


def archive(**files):
    """A zip archive; names have `__` for a dot, `bootstrap` and extensions can be run."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name.replace("__", "."), (2026, 11, 21, 0, 0, 0))
            entry.external_attr = (stat.S_IFREG | (0o755 if name == "bootstrap" or name.startswith("extensions/") else 0o644)) << 16
            file.writestr(entry, content)
    return buffer.getvalue()
