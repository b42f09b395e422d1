import TraceFilters
import Traces
import XRayModel

let testTrace = TraceID(epoch: 0x5840_6520, high: 0xA006_6491, low: 0x27E3_7190_3A2D_E979)

func identifier(_ number: Int) -> EntityID { EntityID(rawValue: UInt64(number)) }

/// A moment so many milliseconds into the test's request.
func at(_ milliseconds: Int) -> Timestamp {
  Timestamp(ticks: Timestamp(seconds: Int64(1_480_615_200)).ticks + Int64(milliseconds) * 10_000)
}

extension Entity {
  static func segment(
    _ number: Int, _ name: String, _ start: Int = 0, _ end: Int? = 100, parent: Int? = nil, origin: String? = nil,
    _ change: (inout Entity) -> Void = { _ in }
  ) -> Entity {
    var entity = Entity(
      .segment, id: identifier(number), name: name, traceID: testTrace, parentID: parent.map(identifier),
      start: at(start), end: end.map(at))
    entity.origin = origin
    change(&entity)
    return entity
  }

  static func call(
    _ number: Int, _ name: String, _ start: Int = 10, _ end: Int? = 90, namespace: String? = "remote",
    _ change: (inout Entity) -> Void = { _ in }
  ) -> Entity {
    var entity = Entity(.subsegment, id: identifier(number), name: name, start: at(start), end: end.map(at))
    entity.namespace = namespace
    change(&entity)
    return entity
  }

  mutating func answer(_ status: Int) { http = HTTPBlock(request: http?.request, response: .init(status: status)) }

  mutating func fail(_ type: String, _ message: String) {
    isFault = true
    let exception = CapturedException(id: identifier(0xE0 + Int(id.rawValue)), message: message, type: type)
    cause = .exceptions(CauseDetail(exceptions: [exception]))
  }
}

extension Trace {
  init(_ documents: Entity...) { self.init(id: testTrace, compiling: documents) }
}

/// A shop's failed order: the site calls an interface, which fails, and a table, which throttles.
let failedOrder: Trace = {
  let site = Entity.segment(1, "web", 0, 7250, origin: "AWS::EC2::Instance") {
    $0.http = HTTPBlock(request: .init(method: "POST", url: "https://shop.example/v2/orders"))
    $0.http?.request?.userAgent = "curl/8.5"
    $0.http?.request?.clientIP = "10.0.0.7"
    $0.answer(502)
    $0.user = "alice"
    $0.resourceARN = "arn:aws:ec2:us-west-2:123456789012:instance/i-0b5a"
    $0.aws = ["ec2": ["instance_id": "i-0b5a", "availability_zone": "us-west-2c"], "account_id": "123456789012"]
    $0.annotations = [
      Annotation(key: "tenant", value: "acme"), Annotation(key: "age", value: 45),
      Annotation(key: "text_age", value: "45"), Annotation(key: "beta", value: true),
      Annotation(key: "old", value: false), Annotation(key: "aws.operation", value: "GET /x"),
      Annotation(key: "aws:api_id", value: "a1"),
    ]
    $0.subsegments = [
      .call(2, "api", 100, 1500) {
        $0.http = HTTPBlock(request: .init(method: "GET", url: "http://api.example.com/"))
        $0.answer(503)
        $0.isFault = true
        $0.annotate("attempt", 2)
      },
      .call(3, "DynamoDB", 1600, 7000, namespace: "aws") {
        $0.aws = ["operation": "PutItem", "table_name": "orders"]
        $0.answer(429)
        $0.isThrottle = true
      },
    ]
  }
  let service = Entity.segment(4, "api", 150, 1400, parent: 2, origin: "AWS::Lambda") {
    $0.answer(503)
    $0.fail("Boom", "went off")
    $0.user = "bob"
    $0.annotate("tenant", "umbrella")
    $0.subsegments = [.call(5, "render", 200, 900, namespace: nil) { $0.fail("Boom", "went off") }]
  }
  return Trace(site, service)
}()

/// Whether `trace` matches `text`.
func matches(_ text: String, _ trace: Trace = failedOrder) throws -> Bool {
  try TraceFilter(FilterExpression(parsing: text)).matches(trace)
}
