import TraceReports
import XRayModel

/// What should not be there after invocations.
struct InvocationRest {
  /// Not answered once, or not run once.
  var invocations = 0
  /// Open files of the server, more than before.
  var descriptors = 0
  var children = 0

  mutating func add(_ other: InvocationRest) {
    invocations += other.invocations
    descriptors += other.descriptors
    children += other.children
  }
}

extension LambdaBench {
  /// Memory comes in pieces that are larger than what fewer leave behind.
  private static let tellingInvocations = 10_000

  /// Invokes a function many times, deletes it, and looks for what is left.
  mutating func measureInvocations(_ lambda: MeasuredLambda, over connections: Int) throws -> InvocationRest {
    say("connections: \(connections), \(Quantity.count(effort.invocations)) invocations")
    let name = "many-\(connections)"
    let before = lambda.settledFootprint()
    note(before, "before", connections)
    // Without traces, so that what is stored of them does not count as memory that invocations keep.
    try lambda.create(name, isTraced: false)
    var tally = InvocationTally()
    let processor = lambda.process.processorSeconds
    let half = effort.invocations / 2
    var seconds = 0.0
    var resident: [Double] = []
    for (part, when) in [(0..<half, "after half of them"), (half..<effort.invocations, "after all")] {
      let load = try CallLoad(part.map { .invoke(name, $0) }, over: connections, port: lambda.port) { answer in
        tally.take(try FunctionAnswer(answer))
      }
      seconds += load.seconds
      let footprint = lambda.footprint
      note(footprint, when, connections)
      resident.append(footprint.residentBytes)
      tally.samples = load.samples
    }
    let microseconds = (lambda.process.processorSeconds - processor) / Double(effort.invocations) * 1e6
    let kept = (resident[1] - resident[0]) / Double(effort.invocations - half)
    targets.judge(
      .memoryKept, "connections: \(connections)", effort.invocations < Self.tellingInvocations ? .nan : kept)
    try lambda.delete(name)
    let after = lambda.settledFootprint(atMost: before.descriptors)
    note(after, "function deleted", connections)
    ledger.append(
      .count(connections), .count(effort.invocations), .count(tally.answeredOnce), .count(tally.run),
      .count(tally.processes), .number(Double(effort.invocations) / seconds, places: 0), tally.samples.cell(0.5),
      tally.samples.cell(0.99, least: 100), .number(microseconds, places: 0))
    return InvocationRest(
      invocations: effort.invocations - tally.answeredOnce + abs(tally.run - effort.invocations),
      descriptors: max(0, after.descriptors - before.descriptors), children: after.children)
  }

  private mutating func note(_ footprint: Footprint, _ when: String, _ connections: Int) {
    footprints.append(
      .count(connections), .text(when), .count(footprint.sockets), .count(footprint.pipes), .count(footprint.files),
      .count(footprint.children), .number(footprint.residentBytes / 1e6, places: 1))
  }
}

/// Answers counted by their event, and events by the process that had them.
private struct InvocationTally {
  /// Of the second half.
  var samples = Samples()
  private var answers: [Int: Int] = [:]
  private var places: [Int32: Int] = [:]

  mutating func take(_ answer: FunctionAnswer) {
    answers[answer.number, default: 0] += 1
    places[answer.process] = max(places[answer.process] ?? 0, answer.place)
  }

  var answeredOnce: Int { answers.count { $0.value == 1 } }
  /// Events that functions had, by their own count: also those whose answers got lost.
  var run: Int { places.values.reduce(0, +) }
  var processes: Int { places.count }
}
