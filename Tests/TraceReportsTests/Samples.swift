import Traces
import XRayModel

/// Text that must stay text wherever it is shown.
let hostileText = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>&\u{202E}\u{0}\u{1B}[31m\n=1+1"

/// Builds entities by milliseconds after a fixed moment.
struct Sample {
  let random: RandomSource
  let origin = Timestamp(seconds: Int64(1_700_000_000))

  init(seed: UInt64 = 1) { random = RandomSource(seed: seed) }

  func moment(_ milliseconds: Double) -> Timestamp { Timestamp(ticks: origin.ticks + Int64(milliseconds * 10_000)) }

  func segment(
    _ name: String, origin: String? = nil, parent: EntityID? = nil, _ start: Double, _ end: Double?
  ) -> Entity {
    var entity = Entity(
      .segment, id: random.entityID(), name: name, parentID: parent, start: moment(start), end: end.map(moment))
    entity.origin = origin
    return entity
  }

  func subsegment(_ name: String, namespace: String? = nil, _ start: Double, _ end: Double?) -> Entity {
    var entity = Entity(.subsegment, id: random.entityID(), name: name, start: moment(start), end: end.map(moment))
    entity.namespace = namespace
    return entity
  }

  func traceID(_ milliseconds: Double = 0) -> TraceID { random.traceID(at: moment(milliseconds)) }

  /// A cold function, called by a stage of an API, that puts an object.
  func synchronous(at offset: Double = 0) -> Trace {
    var api = segment("shop", origin: "AWS::ApiGateway::Stage", offset, offset + 700)
    api.http = HTTPBlock(
      request: .init(method: "POST", url: "https://shop.example.com/checkout"), response: .init(status: 200))
    var invoke = subsegment("Lambda", namespace: "aws", offset + 10, offset + 690)
    invoke.http = HTTPBlock(request: .init(), response: .init(status: 200))
    invoke.http?.request?.isTraced = true
    api.subsegments = [invoke]
    var service = segment("checkout", origin: "AWS::Lambda", parent: invoke.id, offset + 20, offset + 680)
    service.http = HTTPBlock(response: .init(status: 200))
    var function = segment(
      "checkout", origin: "AWS::Lambda::Function", parent: service.id, offset + 400, offset + 700)
    var invocation = subsegment("Invocation", offset + 400, offset + 650)
    var put = subsegment("S3", namespace: "aws", offset + 450, offset + 600)
    put.aws = ["operation": "PutObject", "region": "eu-west-1"]
    put.http = HTTPBlock(response: .init(status: 200))
    invocation.subsegments = [put]
    invocation.annotate("tier", "gold")
    invocation.annotate("items", 3)
    invocation.metadata = ["default": ["note": "hello"]]
    function.subsegments = [subsegment("Initialization", offset + 100, offset + 390), invocation]
    return Trace(id: traceID(offset), compiling: [api, service, function])
  }

  /// Two attempts of an event; the first failed, both outlive the answer.
  func asynchronous(at offset: Double = 0) -> Trace {
    var service = segment("resize", origin: "AWS::Lambda", offset, offset + 15)
    service.http = HTTPBlock(response: .init(status: 202))
    var first = subsegment("Attempt #1", offset + 45, offset + 500)
    first.isFault = true
    first.http = HTTPBlock(response: .init(status: 500))
    let second = subsegment("Attempt #2", offset + 900, offset + 1000)
    service.subsegments = [subsegment("Dwell Time", offset, offset + 45), first, second]
    var failed = segment("resize", origin: "AWS::Lambda::Function", parent: first.id, offset + 50, offset + 490)
    failed.isFault = true
    var exception = CapturedException(
      id: random.entityID(), message: "no such key", type: "NoSuchKey",
      stack: [StackFrame(path: "handler.swift", line: 7, label: "handle")])
    exception.truncated = 2
    failed.cause = .exceptions(CauseDetail(exceptions: [exception]))
    let done = segment("resize", origin: "AWS::Lambda::Function", parent: second.id, offset + 905, offset + 990)
    return Trace(id: traceID(offset), compiling: [service, failed, done])
  }

  /// A producer and the consumer of its message, each with a link to the other's trace, and the sign of the delivery in
  /// the producer's.
  func linked() -> [Trace] {
    let traces = [traceID(), traceID(900)]
    var producer = segment("orders", 0, 60)
    var send = subsegment("SQS", namespace: "aws", 10, 50)
    var delivery = subsegment("billing", 50, 50)
    var consumer = segment("billing", origin: "AWS::Lambda", 900, 950)
    func link(_ trace: TraceID, _ id: EntityID, _ type: JSONValue) -> TraceLink {
      TraceLink(
        traceID: trace, id: id,
        attributes: ["aws.xray.reserved.names": ["billing"], "aws.xray.reserved.reference_type": type])
    }
    delivery.links = [link(traces[1], consumer.id, "child")]
    consumer.links = [link(traces[0], send.id, "parent")]
    delivery.parentID = send.id
    send.subsegments = [delivery]
    producer.subsegments = [send]
    return [Trace(id: traces[0], compiling: [producer]), Trace(id: traces[1], compiling: [consumer])]
  }

  /// A trace in which every text is hostile.
  func hostile() -> Trace {
    var segment = segment(hostileText, origin: hostileText, 0, 30)
    segment.http = HTTPBlock(request: .init(method: hostileText, url: hostileText), response: .init(status: 200))
    segment.user = hostileText
    segment.annotate(hostileText, .string(hostileText))
    segment.metadata = [hostileText: [hostileText: .string(hostileText)]]
    var call = subsegment(hostileText, namespace: "remote", 1, 20)
    call.isFault = true
    call.cause = .exceptions(
      CauseDetail(exceptions: [
        CapturedException(
          id: random.entityID(), message: hostileText, type: hostileText,
          stack: [StackFrame(path: hostileText, line: 1, label: hostileText)])
      ]))
    segment.subsegments = [call]
    return Trace(id: traceID(), compiling: [segment])
  }
}
