import Glibc
import TraceReports
import XRayModel

extension LambdaBench {
  private enum Tracing: CaseIterable {
    case off, sampled, always

    var name: String {
      switch self {
      case .off: "Invoke, PassThrough, no trace"
      case .sampled: "Invoke, Active, sampled"
      case .always: "Invoke, Active, every trace kept"
      }
    }
  }

  /// How long invocations take that find an environment at hand.
  mutating func measureOverhead(_ lambda: MeasuredLambda) throws {
    try measureHealth(lambda)
    for tracing in Tracing.allCases {
      say("\(tracing.name): \(Quantity.count(effort.samples))")
      try lambda.create("warm", isTraced: tracing != .off)
      let line = KeptConnection(port: lambda.port)
      var times = WarmTimes()
      for number in 0..<effort.warmUp { _ = try Self.invoke(number, tracing, line) }
      let before = lambda.process.processorSeconds
      for number in 0..<effort.samples { times.append(try Self.invoke(effort.warmUp + number, tracing, line)) }
      let processor = lambda.process.processorSeconds - before
      try lambda.delete("warm")
      overhead.append(
        .text(tracing.name), .count(effort.samples), times.roundTrip.cell(0.5), times.roundTrip.cell(0.99, least: 100),
        times.overhead.cell(0.5), times.overhead.cell(0.99, least: 100), times.wayIn.cell(0.5), times.wayOut.cell(0.5),
        .number(processor / Double(effort.samples) * 1e6, places: 0))
      targets.judge(.overhead, tracing.name, times.overhead.percentile(0.5) * 1e3)
    }
  }

  /// What is left when there is no function: the connection, and HTTP.
  private mutating func measureHealth(_ lambda: MeasuredLambda) throws {
    let line = KeptConnection(port: lambda.port)
    var samples = Samples()
    var processor = 0.0
    for number in 0..<effort.warmUp + effort.samples {
      if number == effort.warmUp { processor = lambda.process.processorSeconds }
      let start = FunctionAnswer.nanoseconds
      try line.send(.health)
      guard try line.receive().status == 200 else { throw Failure.failed("/healthz is not well") }
      if number >= effort.warmUp { samples.append(Double(FunctionAnswer.nanoseconds - start) / 1e9) }
    }
    processor = lambda.process.processorSeconds - processor
    overhead.append(
      .text("GET /healthz"), .count(effort.samples), samples.cell(0.5), samples.cell(0.99, least: 100), .missing(""),
      .missing(""), .missing(""), .missing(""), .number(processor / Double(effort.samples) * 1e6, places: 0))
  }

  private static func invoke(_ number: Int, _ tracing: Tracing, _ line: KeptConnection) throws -> WarmTimes.One {
    let header: String? =
      if tracing == .always {
        "Root=\(TraceID(epoch: UInt32(truncatingIfNeeded: SystemClock().now.wholeSeconds), high: 0, low: UInt64(number)));Sampled=1"
      } else {
        nil
      }
    let call = APICall.invoke("warm", number, traceHeader: header)
    let start = FunctionAnswer.nanoseconds
    try line.send(call)
    let answer = try line.receive()
    let end = FunctionAnswer.nanoseconds
    guard answer.status == 200 else {
      throw Failure.failed("answer \(answer.status): \(String(decoding: answer.body.prefix(300), as: UTF8.self))")
    }
    let told = try FunctionAnswer(JSONValue(parsing: answer.body.span))
    guard told.number == number else { throw Failure.failed("event \(number) has the answer to \(told.number)") }
    return WarmTimes.One(start: start, received: told.received, responded: told.responded, end: end)
  }

  /// How long it takes to an answer when there is no environment yet.
  mutating func measureStarts(_ lambda: MeasuredLambda) throws {
    say("first invocations: \(effort.coldStarts)")
    var first: [Double] = []
    var alone: [Double] = []
    for _ in 0..<effort.coldStarts {
      try lambda.create("cold", isTraced: true)
      first += [try CallLoad([.invoke("cold", 0)], port: lambda.port) { _ = try FunctionAnswer($0) }.seconds * 1e3]
      try lambda.delete("cold")
      let watch = Stopwatch()
      try ChildProcess(MeasuredLambda.program, ["--version"])?.wait()
      alone.append(watch.cost.wallSeconds * 1e3)
    }
    for (what, runs) in [("invocation of a new function", first), ("the function's program alone, --version", alone)] {
      starts.append(
        .text(what), .count(runs.count), .number(runs.median, places: 1), .number(runs.max() ?? .nan, places: 1))
    }
  }
}

/// What warm invocations took, and where.
private struct WarmTimes {
  /// Nanoseconds of one clock.
  struct One {
    /// The call is sent.
    var start: Int
    /// The function has the event.
    var received: Int
    /// It is about to respond.
    var responded: Int
    /// The answer is there.
    var end: Int
  }

  var roundTrip = Samples()
  var overhead = Samples()
  var wayIn = Samples()
  var wayOut = Samples()

  mutating func append(_ one: One) {
    let whole = one.end - one.start
    roundTrip.append(Double(whole) / 1e9)
    overhead.append(Double(whole - (one.responded - one.received)) / 1e9)
    wayIn.append(Double(one.received - one.start) / 1e9)
    wayOut.append(Double(one.end - one.responded) / 1e9)
  }
}
