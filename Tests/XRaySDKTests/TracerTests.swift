import ServiceContextModule
import Testing
import Tracing
import XRayModel
import XRaySDK
import XRaySampler
import XRayTracing

private struct Headers: Injector, Extractor {
  func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
  func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
}

@Suite struct TracerTests {
  static let root = "1-5759e988-bd862e3fe1be46a994272793"
  static let w3c = "5759e988bd862e3fe1be46a994272793"

  private func extracted(_ headers: [String: String], _ tracer: XRayTracer) -> ServiceContext {
    var context = ServiceContext.topLevel
    tracer.extract(headers, into: &context, using: Headers())
    return context
  }

  @Test func `records a request as a segment and its calls as subsegments`() async throws {
    let rig = Rig()
    let tracer = XRayTracer(recorder: rig.recorder)
    let context = extracted(["X-Amzn-Trace-Id": "Root=\(Self.root);Parent=53995c3f42cd8ad8;Sampled=1"], tracer)
    try await tracer.withSpan("GET /cart", context: context, ofKind: .server) { span in
      span.updateAttributes { attributes in
        attributes["http.request.method"] = "GET"
        attributes["url.scheme"] = "https"
        attributes["server.address"] = "shop.example"
        attributes["url.path"] = "/cart"
        attributes["url.query"] = "token=secret"
        attributes["user_agent.original"] = "curl"
        attributes["client.address"] = "203.0.113.7"
        attributes["http.response.status_code"] = 200
        attributes["http.response.body.size"] = 12
      }
      rig.clock.advance(by: .milliseconds(5))
      await tracer.withSpan("call", ofKind: .client) { call in
        await Task.yield()
        call.attributes["url.full"] = "https://pay.example/charge?card=4111"
        call.attributes["http.response.status_code"] = 429
        rig.clock.advance(by: .milliseconds(5))
      }
      try await rig.recorder.withSubsegment("by hand") { _ in await Task.yield() }
      tracer.withSpan("work") { $0.attributes["items"] = 3 }
    }
    let segment = try rig.only()
    #expect(segment.name == "GET /cart" && segment.traceID?.description == Self.root)
    #expect(segment.parentID?.description == "53995c3f42cd8ad8" && segment.duration == 0.01)
    #expect(segment.http?.request?.url == "https://shop.example/cart" && segment.http?.request?.userAgent == "curl")
    #expect(segment.http?.request?.clientIP == "203.0.113.7" && segment.http?.response?.contentLength == 12)
    #expect(segment.subsegments.map(\.name) == ["pay.example", "by hand", "work"])
    let call = segment.subsegments[0]
    #expect(call.namespace == "remote" && call.isThrottle && call.isError && !call.isFault)
    #expect(call.http?.request?.url == "https://pay.example/charge")
    #expect(call.metadata["span"]?["operation"] == "call")
    #expect(segment["work"]?.annotation("items") == 3 && segment["work"]?.namespace == nil)
    #expect(!rig.emitter.documents.contains { String(decoding: $0, as: UTF8.self).contains("secret") })
  }

  @Test func `turns an AWS SDK's client span into an aws subsegment`() throws {
    let rig = Rig()
    let tracer = XRayTracer(recorder: rig.recorder)
    rig.recorder.withSegment("shop") { _ in
      tracer.withSpan("DynamoDB.GetItem", ofKind: .client) { span in
        span.attributes["rpc.system"] = "aws-sdk"
        span.attributes["rpc.service"] = "DynamoDB"
        span.attributes["rpc.method"] = "GetItem"
        span.attributes["aws.request_id"] = "R1"
      }
    }
    let call = try #require(try rig.only().subsegments.first)
    #expect(call.name == "DynamoDB" && call.namespace == "aws")
    #expect(call.aws == ["operation": "GetItem", "request_id": "R1"])
  }

  @Test func `maps status, errors, events, links and attributes`() throws {
    let rig = Rig()
    let tracer = XRayTracer(recorder: rig.recorder)
    let other = extracted(["x-amzn-trace-id": "Root=\(Self.root);Parent=53995c3f42cd8ad8"], tracer)
    let span = tracer.startSpan("consume", context: .topLevel, ofKind: .consumer)
    span.attributes["safe.key_1"] = "v"
    span.attributes["bad key"] = 1
    span.attributes["list"] = ["a", "b"]
    span.attributes["enduser.id"] = "u1"
    span.addEvent(SpanEvent(name: "retry", attributes: ["n": 2]))
    span.addLink(SpanLink(context: other, attributes: ["why": "batch"]))
    span.recordError(OrderError("boom"), attributes: ["code": 7])
    span.setStatus(SpanStatus(code: .error, message: "it broke"))
    span.operationName = "consumed"
    span.end()
    span.end()
    let segment = try rig.only()
    #expect(segment.name == "consumed" && segment.user == "u1" && segment.isFault)
    #expect(segment.annotations.map(\.key) == ["safe.key_1"])
    #expect(segment.metadata["default"] == ["bad key": 1, "list": ["a", "b"]])
    let events = try #require(segment.metadata["span"]?["events"]?.array)
    #expect(events.map { $0["name"] } == ["retry", "exception"])
    #expect(segment.metadata["span"]?["status_message"] == "it broke")
    #expect(segment.links.map(\.traceID.description) == [Self.root])
    #expect(segment.links[0].attributes == ["why": "batch"])
    guard case .exceptions(let detail)? = segment.cause else { throw OrderError("no cause") }
    #expect(detail.exceptions.map(\.message) == ["boom"])
  }

  @Test func `an error that leaves withSpan is a fault, unless the response says 4xx`() throws {
    let rig = Rig()
    let tracer = XRayTracer(recorder: rig.recorder)
    for status in [404, 500] {
      #expect(throws: OrderError.self) {
        try tracer.withSpan("r", context: .topLevel, ofKind: .server) { span in
          span.attributes["http.response.status_code"] = status
          throw OrderError("thrown")
        }
      }
    }
    let sent = rig.sent()
    #expect(sent.map(\.isFault) == [false, true] && sent.map(\.isError) == [true, false])
    #expect(sent.allSatisfy { $0.cause != nil })
  }

  @Test(arguments: [
    (["traceparent": "00-\(w3c)-53995c3f42cd8ad8-01"], true), (["traceparent": "00-\(w3c)-53995c3f42cd8ad8-00"], false),
    (["x-amzn-trace-id": "Root=\(root);Sampled=0", "traceparent": "00-\(w3c)-53995c3f42cd8ad8-01"], false),
    (["X-Amzn-Trace-Id": "garbage", "traceparent": "01-\(w3c)-53995c3f42cd8ad8-01-more"], true),
  ]) func `continues X-Ray's header, else W3C's`(headers: [String: String], isSampled: Bool) throws {
    let rig = Rig(sampler: isSampled ? FixedSampler.never : .always)
    let tracer = XRayTracer(recorder: rig.recorder)
    let span = tracer.startSpan("r", context: extracted(headers, tracer), ofKind: .server)
    #expect(span.isRecording == isSampled)
    #expect(span.entity.traceID?.description == Self.root)
    span.end()
    #expect(rig.emitter.documents.count == (isSampled ? 1 : 0))
  }

  @Test(arguments: [
    [:], ["traceparent": ""], ["traceparent": "00-\(w3c)-53995c3f42cd8ad8"],
    ["traceparent": "00-\(w3c)-0000000000000000-01"], ["traceparent": "ff-\(w3c)-53995c3f42cd8ad8-01"],
    ["traceparent": "00-00000000000000000000000000000000-53995c3f42cd8ad8-01"],
    ["traceparent": "00-\(w3c)-53995c3f42cd8ad8-01-more"], ["traceparent": "00-xyz-53995c3f42cd8ad8-01"],
    ["X-Amzn-Trace-Id": "Root="],
  ]) func `begins a new trace where the headers are missing or malformed`(headers: [String: String]) throws {
    let rig = Rig()
    let tracer = XRayTracer(recorder: rig.recorder)
    tracer.withSpan("r", context: extracted(headers, tracer), ofKind: .server) { _ in }
    let segment = try rig.only()
    #expect(segment.traceID?.description != Self.root && segment.parentID == nil)
  }

  @Test func `passes on both headers, the state and the decision`() throws {
    let rig = Rig()
    let tracer = XRayTracer(recorder: rig.recorder)
    let incoming = ["traceparent": "00-\(Self.w3c)-53995c3f42cd8ad8-01", "tracestate": "vendor=1"]
    let span = tracer.startSpan("r", context: extracted(incoming, tracer), ofKind: .server)
    var outgoing: [String: String] = [:]
    tracer.inject(span.context, into: &outgoing, using: Headers())
    let id = try #require(span.entity.id)
    #expect(
      outgoing == [
        "X-Amzn-Trace-Id": "Root=\(Self.root);Parent=\(id);Sampled=1",
        "traceparent": "00-\(Self.w3c)-\(id)-01", "tracestate": "vendor=1",
      ])
    #expect(tracer.activeSpan(identifiedBy: span.context) === span)
    span.end()

    var nothing: [String: String] = [:]
    tracer.inject(.topLevel, into: &nothing, using: Headers())
    #expect(nothing.isEmpty)

    let silent = XRayTracer(recorder: Rig(sampler: FixedSampler.never).recorder)
    var unsampled: [String: String] = [:]
    silent.withSpan("r", context: .topLevel, ofKind: .server) { span in
      span.attributes["k"] = "v"
      #expect(!span.isRecording && span.attributes.isEmpty)
      silent.withSpan("inner", ofKind: .client) { inner in
        silent.inject(inner.context, into: &unsampled, using: Headers())
      }
    }
    #expect(unsampled == ["X-Amzn-Trace-Id": "Root=\(TraceID.notSampled);Parent=0000000000000000;Sampled=0"])
  }

  @Test func `makes only subsegments in Lambda, under the invocation`() throws {
    let rig = Rig.lambda()
    let tracer = XRayTracer(recorder: rig.recorder)
    rig.recorder.withInvocation(header: LambdaTests.header) {
      tracer.withSpan("handler", ofKind: .server) { _ in tracer.withSpan("inner") { _ in } }
    }
    let sent = rig.sent()
    #expect(sent.map(\.name) == ["inner", "handler"] && sent.allSatisfy { $0.kind == .subsegment })
    #expect(sent[1].parentID?.description == "b40d1e57569d4fbe")
    tracer.withSpan("init") { #expect(!$0.isRecording) }
    #expect(rig.sent().count == 2 && rig.recorder.counts.discarded == 1)
  }

  @Test func `names segments after the configured service`() throws {
    var configuration = RecorderConfiguration()
    configuration.serviceName = "shop"
    let rig = Rig(configuration: configuration)
    XRayTracer(recorder: rig.recorder).withSpan("GET /", context: .topLevel, ofKind: .server) { _ in }
    let segment = try rig.only()
    #expect(segment.name == "shop" && segment.metadata["span"]?["operation"] == "GET /")
  }

  @Test func `keeps a bounded number of events and counts the others`() throws {
    let rig = Rig()
    XRayTracer(recorder: rig.recorder).withSpan("r", context: .topLevel) { span in
      for number in 0..<200 { span.addEvent(SpanEvent(name: "e\(number)")) }
    }
    let segment = try rig.only()
    #expect(segment.metadata["span"]?["events"]?.array?.count == 128)
    #expect(segment.metadata["span"]?["dropped_events"] == 72)
  }
}
