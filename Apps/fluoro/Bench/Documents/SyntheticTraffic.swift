import Glibc
import XRayModel

/// The segment documents of 40 Lambda functions, some called more often than others by Zipf's law, in the order in
/// which a daemon would see them.
///
/// Of a size and mixture as X-Ray's users send them: a service and a function segment per invocation, an API
/// Gateway stage before most of them, calls of DynamoDB, S3, SQS, HTTP, SQL and other functions, exceptions with
/// their stacks, cold starts, streamed subsegments. Compression is better than in real life: a generator repeats
/// itself more than people do.
struct SyntheticTraffic {
  /// Traces whose documents are mixed with one another.
  private static let overlap = 500
  private static let meanGapMilliseconds = 5.0

  let random: RandomSource
  /// Whether trace ids are random as a whole, as OpenTelemetry makes them, and do not begin with the time.
  var hasRandomIDs = false
  let functions: [SyntheticFunction]
  /// Sums of the functions' shares of all calls.
  private let shares: [Double]
  private var moment = Timestamp(seconds: 1_795_000_000)
  /// Sent, and not taken yet; the earliest is the last.
  private var pending: [(arrival: Timestamp, document: [UInt8])] = []

  init(random: RandomSource) {
    self.random = random
    functions = SyntheticFunction.all(random)
    var sum = 0.0
    shares = functions.indices.map { rank in
      sum += 1 / Double(rank + 1)
      return sum
    }
  }

  mutating func next() -> [UInt8] {
    while true {
      if let (_, document) = pending.popLast() { return document }
      for _ in 0..<Self.overlap { sendTrace() }
      pending.sort { $0.arrival > $1.arrival }
    }
  }

  // MARK: Traces

  private mutating func sendTrace() {
    moment = moment.advanced(by: span(Self.meanGapMilliseconds))
    let function = pickFunction()
    let trace = traceID()
    guard chance(0.6) else {
      invoke(function, trace, parent: nil, start: moment, depth: 0)
      return
    }
    let call = random.entityID()
    let start = moment
    let end = invoke(function, trace, parent: call, start: start.advanced(by: span(4)), depth: 0).advanced(by: span(2))
    send(at: end, gatewaySegment(function, trace, call: call, start: start, end: end))
  }

  /// Sends what an invocation sends, and returns when it ended.
  @discardableResult
  private mutating func invoke(
    _ function: SyntheticFunction, _ trace: TraceID, parent: EntityID?, start: Timestamp, depth: Int
  ) -> Timestamp {
    let start = start.rounded(toTicks: function.step)
    let shapes = SyntheticFunction.Shape.allCases
    let shape = chance(0.8) ? function.shape : shapes[Int(random.next() % UInt64(shapes.count))]
    let service = random.entityID()
    let segment = random.entityID()
    var call = CallCursor(time: start.advanced(by: span(3)), function: function)
    var calls = shape.calls(random)
    var nested: (SyntheticFunction, EntityID)?
    if calls.contains(.function) {
      if depth > 1 { calls.removeAll { $0 == .function } } else { nested = (pickFunction(), random.entityID()) }
    }
    var callee: Timestamp?
    if let (other, id) = nested {
      callee = invoke(other, trace, parent: id, start: call.time.advanced(by: span(5)), depth: depth + 1)
    }
    let isStreamed = chance(0.12)
    let fails = shape == .exception
    let document = functionSegment(function, trace, id: segment, parent: service, fails: fails) { traffic, writer in
      traffic.write(calls, nested: nested, callee: callee, shape: shape, &call, to: &writer)
      let end = call.time.advanced(by: traffic.span(2)).rounded(toTicks: function.step)
      return (start, end)
    }
    let end = call.time.advanced(by: span(4)).rounded(toTicks: function.step)
    send(at: end, document)
    if isStreamed { send(at: end, streamedSubsegment(trace, parent: segment, &call)) }
    send(at: end.advanced(by: span(30)), serviceSegment(function, trace, service, parent, start, end, fails: fails))
    return end
  }

  private mutating func send(at time: Timestamp, _ document: [UInt8]) {
    // Some come at once, some after the daemon's next second.
    pending.append((time.advanced(by: span(300)), document))
  }

  private func traceID() -> TraceID {
    guard hasRandomIDs else { return random.traceID(at: moment) }
    return TraceID(
      epoch: UInt32(truncatingIfNeeded: random.next()), high: UInt32(truncatingIfNeeded: random.next()),
      low: random.next())
  }

  // MARK: Chance

  func chance(_ share: Double) -> Bool { random.fraction() < share }

  /// Spread as the time between independent events.
  func span(_ meanMilliseconds: Double) -> Duration {
    .microseconds(Int64(-log(1 - random.fraction()) * meanMilliseconds * 1000) + 20)
  }

  private func pickFunction() -> SyntheticFunction {
    let place = random.fraction() * (shares.last ?? 0)
    return functions[shares.firstIndex { $0 > place } ?? 0]
  }
}

/// How far an invocation is while its calls are made up, one after the other.
struct CallCursor {
  var time: Timestamp
  let function: SyntheticFunction

  mutating func advance(by duration: Duration) -> (start: Timestamp, end: Timestamp) {
    let start = time.rounded(toTicks: function.step)
    let end = start.advanced(by: duration).rounded(toTicks: function.step)
    time = end.advanced(by: .microseconds(150))
    return (start, end)
  }
}
