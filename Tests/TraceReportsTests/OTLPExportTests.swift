import Testing
import TraceReports
import Traces
import XRayModel

@Suite struct `The export for OpenTelemetry` {
  private func resources(_ traces: [Trace]) throws -> [JSONValue] {
    try #require(JSONValue(parsing: OTLPExport.json(traces))["resourceSpans"]?.array)
  }

  private func spans(_ traces: [Trace]) throws -> [JSONValue] {
    try resources(traces).flatMap { $0["scopeSpans"]?[0]?["spans"]?.array ?? [] }
  }

  private func attribute(_ key: String, of value: JSONValue?) -> JSONValue? {
    value?["attributes"]?.array?.first { $0["key"]?.string == key }?["value"]
  }

  @Test func `groups spans by the service that sent them`() throws {
    let resources = try resources([Sample().synchronous()])
    #expect(
      resources.map { attribute("service.name", of: $0["resource"])?["stringValue"]?.string } == [
        "shop", "checkout", "checkout",
      ])
    #expect(attribute("cloud.platform", of: resources[2]["resource"])?["stringValue"]?.string == "aws_lambda")
  }

  @Test func `gives ids, parents, kinds and times`() throws {
    let trace = Sample().synchronous()
    let spans = try spans([trace])
    #expect(
      spans.map { $0["name"]?.string } == [
        "shop", "Lambda", "checkout", "checkout", "Initialization", "Invocation", "S3",
      ])
    #expect(spans.map { $0["kind"]?.number?.integer } == [2, 3, 2, 2, 1, 1, 3])
    #expect(spans.allSatisfy { $0["traceId"]?.string == trace.id.w3c && $0["spanId"]?.string?.count == 16 })
    #expect(spans[0]["parentSpanId"] == nil)
    #expect(spans[2]["parentSpanId"] == spans[1]["spanId"])
    #expect(spans[6]["parentSpanId"] == spans[5]["spanId"])
    #expect(spans[0]["startTimeUnixNano"]?.string == "1700000000000000000")
    #expect(spans[0]["endTimeUnixNano"]?.string == "1700000000700000000")
  }

  @Test func `gives attributes their types`() throws {
    let spans = try spans([Sample().synchronous()])
    #expect(attribute("http.response.status_code", of: spans[0])?["intValue"]?.string == "200")
    #expect(attribute("items", of: spans[5])?["intValue"]?.string == "3")
    #expect(attribute("tier", of: spans[5])?["stringValue"]?.string == "gold")
    #expect(
      attribute("aws.xray.annotations", of: spans[5])?["arrayValue"]?["values"]?.array?.map {
        $0["stringValue"]?.string
      }
        == ["tier", "items"])
    #expect(attribute("aws.xray.metadata.default", of: spans[5])?["stringValue"]?.string == #"{"note":"hello"}"#)
    #expect(attribute("rpc.method", of: spans[6])?["stringValue"]?.string == "PutObject")
  }

  @Test func `tells faults by status and exceptions by events`() throws {
    let spans = try spans([Sample().asynchronous()])
    let failed = try #require(spans.first { $0["events"] != nil })
    #expect(failed["status"]?["code"]?.number?.integer == 2)
    #expect(failed["status"]?["message"]?.string == "no such key")
    let event = failed["events"]?[0]
    #expect(event?["name"]?.string == "exception")
    #expect(attribute("exception.type", of: event)?["stringValue"]?.string == "NoSuchKey")
    #expect(
      attribute("exception.stacktrace", of: event)?["stringValue"]?.string
        == "NoSuchKey: no such key\n  at handle (handler.swift:7)")
    #expect(spans[0]["status"] == .object([:]))
  }

  @Test func `marks work in progress and keeps links`() throws {
    let sample = Sample()
    var segment = sample.segment("consumer", 0, nil)
    let other = sample.traceID()
    segment.links = [TraceLink(traceID: other, id: segment.id, attributes: ["a": 1.5])]
    let span = try #require(spans([Trace(id: sample.traceID(), compiling: [segment])]).first)
    #expect(attribute("aws.xray.in_progress", of: span)?["boolValue"]?.bool == true)
    #expect(span["endTimeUnixNano"] == span["startTimeUnixNano"])
    #expect(span["links"]?[0]?["traceId"]?.string == other.w3c)
    #expect(attribute("a", of: span["links"]?[0])?["doubleValue"]?.number?.double == 1.5)
  }

  @Test func `holds times beyond the range at its end`() throws {
    let sample = Sample()
    let late = Timestamp(ticks: Timestamp.upperBound.ticks - 1)
    let segment = Entity(.segment, id: sample.random.entityID(), name: "late", start: late, end: late)
    let span = try #require(spans([Trace(id: sample.traceID(), compiling: [segment])]).first)
    #expect(span["startTimeUnixNano"]?.string == String(UInt64.max))
  }
}
