"""A service that samples by the rules of X-Ray: fifty requests of each of two kinds, a report, and a changed rule."""

import json
import os
import time

import boto3
from aws_xray_sdk.core import xray_recorder

xray_recorder.configure(service="shop", sampling=True, context_missing="RUNTIME_ERROR")
sampler = xray_recorder.sampler


def wait(condition):
    deadline = time.time() + 60
    while not condition() and time.time() < deadline:
        time.sleep(0.05)
    assert condition()


def rules():
    return {rule.name: rule for rule in sampler._cache.rules or []}


def serve(name):
    """Whether a request to this service is sampled, and by which rule."""
    segment = xray_recorder.begin_segment(name)
    xray_recorder.end_segment()
    return segment.aws["xray"].get("sampling_rule_name") if segment.sampled else None


# The first decision starts the pollers, which ask for the rules at once.
sampler.start()
wait(lambda: rules())
decisions = {name: [serve(name) for _ in range(50)] for name in ("shop", "health")}
sampler._target_poller._do_work()

# Rules that changed after they were fetched are told by the next report; the SDK compares whole seconds.
wait(lambda: time.time() > sampler._cache.last_updated + 2)
xray = boto3.client("xray", endpoint_url=os.environ["ENDPOINT"])
xray.update_sampling_rule(SamplingRuleUpdate={"RuleName": "none", "FixedRate": 1})
serve("health")
sampler._target_poller._do_work()
wait(lambda: rules()["none"].rate == 1)
decisions["changed"] = [serve("health") for _ in range(10)]
print(json.dumps({"rules": list(rules()), "decisions": decisions}))
