"""A server's work on one request, as the official SDK records it."""

import sys

from aws_xray_sdk.core import xray_recorder

xray_recorder.configure(service="shop", sampling=False, context_missing="RUNTIME_ERROR")

with xray_recorder.in_segment("shop", traceid="1-6b015d90-a006649127e371903a2de979") as segment:
    segment.set_user("4711")
    segment.put_annotation("items", 3)
    segment.put_annotation("coupon", True)
    segment.put_annotation("city", "Forlì")
    segment.put_metadata("basket", {"books": ["a", "b"], "ratio": 0.25}, "cart")
    segment.put_http_meta("url", "https://shop.example.com/checkout")
    segment.put_http_meta("method", "POST")
    segment.put_http_meta("status", 500)
    with xray_recorder.in_subsegment("price") as price:
        price.put_annotation("currency", "EUR")
        with xray_recorder.in_subsegment("tax", namespace="remote"):
            pass
    try:
        with xray_recorder.in_subsegment("stock"):
            raise LookupError("no such item")
    except LookupError:
        pass

# More subsegments than fit into one document by the SDK's threshold: most are sent ahead, on their own.
with xray_recorder.in_segment("batch", traceid="1-6b015d91-a006649127e371903a2de979"):
    for index in range(60):
        with xray_recorder.in_subsegment(f"item {index}"):
            pass
