"""A server that asks the daemon for the sampling rules of X-Ray, and samples by them."""

import time

from aws_xray_sdk.core import xray_recorder

xray_recorder.configure(service="shop", sampling=True, context_missing="RUNTIME_ERROR")
sampler = xray_recorder.sampler
sampler.start()
deadline = time.time() + 30
while not sampler._cache.rules and time.time() < deadline:
    time.sleep(0.05)
print([rule.name for rule in sampler._cache.rules])
decision = sampler.should_trace({"host": "shop", "method": "GET", "path": "/", "service": "shop"})
print(decision)
sampler._target_poller._do_work()
