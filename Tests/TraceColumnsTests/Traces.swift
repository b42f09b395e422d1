import TraceColumns
import TraceFilters
import Traces
import XRayModel

let base = Timestamp(seconds: Int64(1_480_615_200))

/// Random traces with everything that summaries tell: failures, throttles, users, annotations of every type,
/// entities in progress, missing parents, calls that nobody answers.
struct RandomTraces {
  let random: RandomSource
  private let names = ["web", "api", "orders", "zürich", ""]
  private let origins: [String?] = [nil, "AWS::Lambda", "AWS::Lambda::Function", "AWS::EC2::Instance"]

  init(seed: UInt64) { random = RandomSource(seed: seed) }

  private func roll(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }
  private func pick<Element>(_ list: [Element]) -> Element { list[roll(list.count)] }

  func rows(_ count: Int) -> [SegmentRow] { traces(count).map { SegmentRow(of: $0) } }

  func traces(_ count: Int) -> [Trace] { (0..<count).map { _ in trace() } }

  func trace() -> Trace {
    let start = Timestamp(ticks: base.ticks + Int64(roll(3_600_000)) * 10_000 + (roll(3) == 0 ? Int64(roll(9999)) : 0))
    let id = random.traceID(at: start)
    var documents: [Entity] = []
    for number in 0...roll(4) {
      var entity = segment(at: start, in: id)
      if number > 0, let caller = documents.randomElement(using: &generator) {
        let callers = caller.subsegments.map(\.id) + [caller.id]
        entity.parentID = pick(callers)
      } else if roll(10) == 0 {
        entity.parentID = random.entityID()
      }
      documents.append(entity)
    }
    return Trace(id: id, compiling: documents)
  }

  private var generator: RandomSource {
    get { random }
    nonmutating set {}
  }

  private func segment(at start: Timestamp, in id: TraceID) -> Entity {
    var entity = Entity(.segment, id: random.entityID(), name: pick(names), traceID: id, start: start)
    entity.start = Timestamp(ticks: start.ticks + Int64(roll(500)) * 10_000)
    if roll(12) > 0 { entity.end = Timestamp(ticks: entity.start.ticks + Int64(roll(3_000_000)) * Int64(1 + roll(40))) }
    entity.origin = pick(origins)
    entity.user = roll(4) == 0 ? pick(["alice", "bob", "日本"]) : nil
    entity.resourceARN = roll(5) == 0 ? "arn:aws:x:\(roll(5))" : nil
    if roll(6) == 0 { entity.aws = ["ec2": ["instance_id": "i-\(roll(3))", "availability_zone": "eu-1a"]] }
    if roll(8) == 0 { entity.aws["account_id"] = "123456789012" }
    fail(&entity)
    annotate(&entity)
    for _ in 0..<roll(4) { entity.subsegments.append(call(in: entity)) }
    return entity
  }

  private func call(in segment: Entity) -> Entity {
    var call = Entity(.subsegment, id: random.entityID(), name: pick(names + ["DynamoDB"]), start: segment.start)
    if roll(10) > 0 { call.end = Timestamp(ticks: call.start.ticks + Int64(roll(9_000_000))) }
    call.namespace = pick(["remote", "aws", nil])
    if call.name == "DynamoDB" { call.aws = ["operation": "GetItem", "table_name": "t\(roll(2))"] }
    fail(&call)
    if roll(3) == 0 { annotate(&call) }
    return call
  }

  private func fail(_ entity: inout Entity) {
    entity.isError = roll(10) == 0
    entity.isThrottle = roll(20) == 0
    if roll(3) > 0 {
      entity.http = HTTPBlock(
        request: .init(method: pick(["GET", "POST"]), url: "https://shop.example/\(roll(20))/\(pick(names))"))
      if roll(5) > 0 { entity.http?.response = .init(status: pick([200, 200, 200, 404, 429, 500, 503])) }
      if roll(4) == 0 { entity.http?.request?.userAgent = "curl/8.\(roll(3))" }
      if roll(4) == 0 { entity.http?.request?.clientIP = "10.0.0.\(roll(9))" }
    }
    guard roll(5) == 0 else { return }
    entity.isFault = true
    let exception = CapturedException(id: random.entityID(), message: "went off \(roll(3))", type: "Boom")
    entity.cause = .exceptions(CauseDetail(exceptions: [exception]))
  }

  private func annotate(_ entity: inout Entity) {
    if roll(2) == 0 { entity.annotate("tenant", .string(pick(["acme", "umbrella", "45"]))) }
    if roll(3) == 0 { entity.annotate("age", .number(JSONNumber(roll(60)))) }
    if roll(3) == 0 {
      entity.annotate("ratio", .number(pick([JSONNumber(0.5), JSONNumber(-1e300), JSONNumber(Double.nan)])))
    }
    if roll(4) == 0 { entity.annotate("beta", .boolean(roll(2) == 0)) }
    if roll(30) == 0 { entity.annotate("rare\(roll(9))", "x") }
    if roll(9) == 0 { entity.annotate("age", .string("45")) }
  }
}

func filter(_ text: String) throws -> TraceFilter { try TraceFilter(FilterExpression(parsing: text)) }

/// A segment of `count` random traces, and the traces.
func sample(seed: UInt64, _ count: Int) throws -> (segment: SummarySegment, traces: [Trace]) {
  let traces = RandomTraces(seed: seed).traces(count).sorted { $0.id < $1.id }
  return (try SummarySegment(traces.map { SegmentRow(of: $0) }), traces)
}
