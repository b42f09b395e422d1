"""Segment documents of a small shop: `web` calls `orders`, which reads a table."""

import json
import random
import time


def now():
    """The start of a minute that is over, so that everything of a test lies in the past and in few minutes."""
    return int(time.time()) // 60 * 60 - 300


def trace_id(epoch, number):
    return f"1-{int(epoch):08x}-{number:024x}"


def entity_id():
    return f"{random.getrandbits(64):016x}"


def segment(name, trace, start, seconds=0.1, **members):
    return subsegment(name, start, seconds, trace_id=trace) | members


def subsegment(name, start, seconds=0.05, **members):
    return {"name": name, "id": entity_id(), "start_time": start, "end_time": start + seconds} | members


def order(trace, start, fails=False, seconds=1.0, **members):
    """One request to the shop, as the documents of its two services; the second fails when asked to."""
    outcome = {"fault": True} if fails else {}
    status = 500 if fails else 200
    exception = {"id": entity_id(), "type": "OutOfStock", "message": "no such item"}
    call = subsegment(
        "orders", start + 0.1, seconds * 0.8, namespace="remote", **outcome,
        http={"request": {"url": "http://orders/new", "method": "POST"}, "response": {"status": status}})
    read = subsegment(
        "DynamoDB", start + 0.2, seconds * 0.2, namespace="aws",
        aws={"operation": "GetItem", "table_name": "items", "region": "eu-central-1"})
    web = segment(
        "web", trace, start, seconds, origin="AWS::EC2::Instance", user="alice", subsegments=[call], **outcome,
        http={
            "request": {"url": "https://shop.example.com/buy", "method": "POST", "client_ip": "10.0.0.7",
                        "user_agent": "browser"},
            "response": {"status": status}},
        aws={"ec2": {"instance_id": "i-0b5a", "availability_zone": "eu-central-1a"}},
        annotations={"price": 30, "city": "Forlì", "gift": True})
    orders = segment(
        "orders", trace, start + 0.15, seconds * 0.7, parent_id=call["id"], subsegments=[read], **outcome,
        http={"request": {"url": "http://orders/new", "method": "POST"}, "response": {"status": status}})
    if fails:
        orders["cause"] = {"working_directory": "/", "exceptions": [exception]}
    return [json.dumps(web | members), json.dumps(orders)]


def put(client, documents):
    """Puts documents, fifty at a time, and insists that all are taken."""
    for index in range(0, len(documents), 50):
        answer = client.put_trace_segments(TraceSegmentDocuments=documents[index:index + 50])
        if answer["UnprocessedTraceSegments"]:
            raise AssertionError(answer["UnprocessedTraceSegments"])
