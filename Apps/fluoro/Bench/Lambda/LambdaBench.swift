import Glibc
import TraceReports
import XRayModel

/// Measures the Lambda service of `fluoro serve`, with a function that has no work of its own.
struct LambdaBench {
  /// How much is measured.
  struct Effort {
    /// Of each way to trace, one after the other.
    var samples: Int
    /// Before them.
    var warmUp: Int
    var coldStarts: Int
    /// That may leave nothing behind, over one connection and then over four.
    var invocations: Int

    static let full = Effort(samples: 5000, warmUp: 500, coldStarts: 15, invocations: 10_000)
    static let quick = Effort(samples: 500, warmUp: 50, coldStarts: 3, invocations: 1000)
  }

  let folder: String
  let server: TestedServer
  let effort: Effort
  let say: (String) -> Void

  var targets = APITargets()
  var overhead = BenchTable(
    "overhead", "Calls over one connection, one after the other",
    [
      "call": "call", "calls": "calls", "p50_ms": "p50 ms", "p99_ms": "p99 ms",
      "overhead_p50_ms": "without the function: p50 ms", "overhead_p99_ms": "p99 ms", "in_p50_ms": "to it p50 ms",
      "out_p50_ms": "back p50 ms", "cpu_us": "CPU µs/call",
    ])
  var starts = BenchTable(
    "starts", "First invocations",
    ["what": "what", "runs": "runs", "median_ms": "median ms", "most_ms": "at most ms"])
  var ledger = BenchTable(
    "ledger", "What became of every invocation",
    [
      "connections": "connections", "sent": "sent", "answered": "answered once", "run": "run by functions",
      "processes": "processes", "per_second": "per second", "p50_ms": "p50 ms, second half", "p99_ms": "p99 ms",
      "cpu_us": "CPU µs/call",
    ])
  var footprints = BenchTable(
    "footprints", "What the server holds",
    [
      "connections": "connections", "when": "when", "sockets": "sockets", "pipes": "pipes", "files": "other files",
      "children": "processes", "resident_mb": "resident MB",
    ])
  var ends = BenchTable(
    "ends", "The end of the server, with functions at hand",
    ["processes": "function processes", "exit": "exit", "end_ms": "end ms", "survivors": "processes after it"])

  init(folder: String, server: TestedServer, effort: Effort, say: @escaping (String) -> Void) {
    self.folder = folder
    self.server = server
    self.effort = effort
    self.say = say
  }

  var tables: [BenchTable] { [targets.table, overhead, starts, ledger, footprints, ends] }

  mutating func measure() throws {
    let lambda = try MeasuredLambda(server, folder: folder)
    do {
      try measureAtWork(lambda)
    } catch {
      lambda.process.stop(within: 5)
      throw error
    }
    try measureEnd(lambda)
  }

  /// Leaves environments that wait for events.
  private mutating func measureAtWork(_ lambda: MeasuredLambda) throws {
    try measureOverhead(lambda)
    try measureStarts(lambda)
    var rest = InvocationRest()
    for connections in [1, 4] { rest.add(try measureInvocations(lambda, over: connections)) }
    let data = "\(Quantity.count(effort.invocations * 2)) sent"
    targets.judge(.lostInvocations, data, Double(rest.invocations))
    targets.judge(.descriptorsLeft, data, Double(rest.descriptors))
    targets.judge(.processesLeft, data, Double(rest.children))
    try lambda.create("last", isTraced: true)
    _ = try CallLoad((0..<100).map { .invoke("last", $0) }, over: 4, port: lambda.port) { _ in }
  }

  private mutating func measureEnd(_ lambda: MeasuredLambda) throws {
    say("ending the server")
    let children = lambda.footprint.children
    let ending = lambda.process.stop()
    let survivors = Footprint.processes(in: folder)
    for survivor in survivors { kill(survivor, SIGKILL) }
    ends.append(
      .count(children), .text(ending.status.map { "\($0)" } ?? "killed"), .number(ending.seconds * 1e3, places: 0),
      .count(survivors.count))
    targets.judge(.survivors, "SIGTERM with functions at hand", Double(survivors.count))
    targets.judge(.exit, "SIGTERM with functions at hand", Double(ending.status ?? 137))
  }
}

extension APITargets.Target {
  static let overhead = APITargets.Target(
    name: "warm invocation, without the function's own time, p50", bound: .atMost, limit: 1, unit: "ms")
  static let lostInvocations = APITargets.Target(
    name: "invocations not answered once, or not run once", bound: .atMost, limit: 0, unit: "")
  static let descriptorsLeft = APITargets.Target(
    name: "open files of the server, more than before the function", bound: .atMost, limit: 0, unit: "")
  static let processesLeft = APITargets.Target(
    name: "processes, after the function is deleted", bound: .atMost, limit: 0, unit: "")
  /// A leak of one small object is as much.
  static let memoryKept = APITargets.Target(
    name: "resident memory, more per invocation, second half", bound: .atMost, limit: 200, unit: "bytes")
  static let survivors = APITargets.Target(
    name: "processes, after the end of the server", bound: .atMost, limit: 0, unit: "")
  static let exit = APITargets.Target(name: "exit code of the server", bound: .atMost, limit: 0, unit: "")
}
