import Traces
import XRayModel

let testTrace = TraceID(epoch: 0x5840_6520, high: 0xA006_6491, low: 0x27E3_7190_3A2D_E979)
let base = Timestamp(seconds: Int64(1_480_615_200))

func identifier(_ number: Int) -> EntityID { EntityID(rawValue: UInt64(number)) }

/// A moment so many milliseconds into the test's request.
func at(_ milliseconds: Int) -> Timestamp { Timestamp(ticks: base.ticks + Int64(milliseconds) * 10_000) }

extension Entity {
  /// A segment of `trace` that began and ended so many milliseconds into the request.
  static func segment(
    _ number: Int, _ name: String, _ start: Int, _ end: Int?, parent: Int? = nil, origin: String? = nil,
    in trace: TraceID = testTrace
  ) -> Entity {
    var entity = Entity(
      .segment, id: identifier(number), name: name, traceID: trace, parentID: parent.map(identifier), start: at(start),
      end: end.map(at))
    entity.origin = origin
    return entity
  }

  static func subsegment(
    _ number: Int, _ name: String, _ start: Int, _ end: Int?, parent: Int? = nil, namespace: String? = nil,
    aws: JSONObject = [:]
  ) -> Entity {
    var entity = Entity(
      .subsegment, id: identifier(number), name: name, traceID: parent == nil ? nil : testTrace,
      parentID: parent.map(identifier), start: at(start), end: end.map(at))
    entity.namespace = namespace
    entity.aws = aws
    return entity
  }

  func with(_ change: (inout Entity) -> Void) -> Entity {
    var entity = self
    change(&entity)
    return entity
  }

  func with(_ subsegments: Entity...) -> Entity { with { $0.subsegments += subsegments } }

  func with(status: Int) -> Entity {
    with { $0.http = HTTPBlock(response: HTTPBlock.Response(status: status)) }
  }

  /// Fails with an exception.
  func throwing(_ type: String, _ message: String = "", id number: Int = 0xE0) -> Entity {
    with {
      $0.isFault = true
      $0.cause = .exceptions(
        CauseDetail(exceptions: [CapturedException(id: identifier(number), message: message, type: type)]))
    }
  }
}

extension Trace {
  init(_ documents: [Entity]) { self.init(id: testTrace, compiling: documents) }

  /// The tree as text, for comparing shapes: `name(child,child)`.
  var shape: String { segments.map(\.shape).joined(separator: " ") }

  func find(_ number: Int) -> Entity? {
    var found: Entity?
    for segment in segments { segment.forEach { if $0.id == identifier(number) { found = $0 } } }
    return found
  }
}

extension Entity {
  var shape: String {
    let mark = isInProgress ? "…" : ""
    return subsegments.isEmpty
      ? "\(name ?? "")\(mark)" : "\(name ?? "")\(mark)(\(subsegments.map(\.shape).joined(separator: ",")))"
  }
}

/// One synchronous invocation of a Lambda function that puts an object into a bucket, as Lambda and the Python
/// SDK send it: three documents.
func lambdaDocuments(in trace: TraceID = testTrace, from start: Int = 0) -> [Entity] {
  let service = Entity.segment(0xA1, "resize", start, start + 100, origin: "AWS::Lambda", in: trace).with(status: 200)
  let function = Entity.segment(
    0xF1, "resize", start + 10, start + 98, parent: 0xA1, origin: "AWS::Lambda::Function", in: trace
  ).with(
    .subsegment(0xF2, "Invocation", start + 11, start + 90), .subsegment(0xF3, "Overhead", start + 90, start + 97))
  let call = Entity.subsegment(
    0xC1, "s3", start + 20, start + 60, parent: 0xF2, namespace: "aws",
    aws: ["operation": "PutObject", "bucket_name": "pictures"]
  ).with(status: 200)
  return [service, function, call]
}
