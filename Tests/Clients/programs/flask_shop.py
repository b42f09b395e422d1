"""Two Flask services, of which one calls the other, traced by OpenTelemetry and exported over OTLP.

Prints the ids of the traces in W3C's form: of a request that succeeded, and of one that failed.
"""

import json
import os
import threading
import urllib.error
import urllib.request

import flask
import requests
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.propagators.aws import AwsXRayPropagator
from opentelemetry.sdk.extension.aws.trace import AwsXRayIdGenerator
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from werkzeug.serving import make_server

propagate.set_global_textmap(AwsXRayPropagator())


def provider(name):
    made = TracerProvider(resource=Resource.create({"service.name": name}), id_generator=AwsXRayIdGenerator())
    exporter = OTLPSpanExporter(endpoint=os.environ["ENDPOINT"] + "/v1/traces", compression=Compression.Gzip)
    made.add_span_processor(BatchSpanProcessor(exporter))
    return made


def serve(app):
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


web, stock = flask.Flask("web"), flask.Flask("stock")
providers = [provider("web"), provider("stock")]


@stock.get("/items/<name>")
def item(name):
    if name == "none":
        raise LookupError("no such item")
    return {"name": name}


@web.get("/buy/<name>")
def buy(name):
    span = trace.get_current_span()
    span.set_attribute("shop.city", "Forlì")
    answer = requests.get(f"{stock_url}/items/{name}", timeout=30)
    return {"trace": f"{span.get_span_context().trace_id:032x}"}, answer.status_code


FlaskInstrumentor().instrument_app(web, tracer_provider=providers[0])
FlaskInstrumentor().instrument_app(stock, tracer_provider=providers[1])
RequestsInstrumentor().instrument(tracer_provider=providers[0])
stock_server, stock_url = serve(stock)
web_server, web_url = serve(web)


def get(path):
    try:
        with urllib.request.urlopen(web_url + path, timeout=60) as answer:
            return json.load(answer)["trace"]
    except urllib.error.HTTPError as failure:
        with failure:
            return json.load(failure)["trace"]


ids = [get("/buy/book"), get("/buy/none")]
for server in (web_server, stock_server):
    server.shutdown()
for made in providers:
    made.shutdown()
print(json.dumps(ids))
