import TraceReports
import XRayModel

extension APIBench {
  /// Two terms each, of which summaries know all. The second fills its page soon; the others are so rare that most or
  /// all has to be looked at.
  private static let filters = [
    "service(\"shop-cartList\") AND responsetime > 0.5",
    "service(\"shop-cartList\") AND responsetime > 0.05",
    "responsetime > 0.1 AND fault = true",
    "fault = true AND annotation[items] = 7",
  ]

  /// What the targets for summaries are about.
  private static let million = 1_000_000

  /// Starts with a store of so many traces, and reads from it; if they are more than a million, first with a million.
  mutating func measureFilled(traces: Int) throws {
    let sizes = traces > Self.million ? [Self.million, traces] : [traces]
    for size in sizes {
      let directory = "\(folder)/filled"
      defer { TemporaryFolder.remove(directory) }
      say("filling a store with \(Quantity.count(size)) traces")
      let store = try FilledStore(traces: size, in: directory, seed: seed, answer: "\(folder)/filled.json")
      let start = try measureFilledStarts(store)
      if size == traces {
        targets.judge(.filledStart, "\(Quantity.count(store.documents)) documents", traces: size, start)
      }
      try measureCalls(store, judgesSummaries: size == sizes[0])
    }
  }

  /// Reads traces by their ids, and first pages of summaries.
  private mutating func measureCalls(_ store: FilledStore, judgesSummaries: Bool) throws {
    say("reading among \(Quantity.count(store.traces)) traces")
    let running = try own.start(data: store.directory, log: log)
    defer { running.process?.stop() }
    noteMemory("ready", documents: store.documents, running.process)

    let random = RandomSource(seed: 1)
    let lookups = (0..<effort.lookups).map { _ in APICall.batchGetTraces(Self.five(of: store.ids, random)) }
    var traces = try measure(running, store, "BatchGetTraces of five", lookups, Self.fiveTraces)
    targets.judge(
      .traces, "\(Quantity.count(store.traces)) traces", traces: store.wantedTraces, traces.percentile(0.5) * 1e3)

    let page = APICall.getTraceSummaries(store.range, matching: nil)
    _ = try measure(running, store, "GetTraceSummaries", Array(repeating: page, count: effort.pages), Self.summaries)
    for filter in Self.filters {
      let call = APICall.getTraceSummaries(store.range, matching: filter)
      var samples = try measure(
        running, store, "GetTraceSummaries, \(filter)", Array(repeating: call, count: effort.pages), Self.summaries)
      if judgesSummaries {
        targets.judge(.summaries, filter, traces: store.wantedTraces, samples.percentile(0.5) * 1e3)
      }
    }
    noteMemory("after these calls", documents: store.documents, running.process)
  }

  private mutating func measure(
    _ running: RunningServer, _ store: FilledStore, _ name: String, _ calls: [APICall],
    _ count: (JSONValue) throws -> Int
  ) throws -> Samples {
    var found = 0
    let first = try CallLoad(Array(calls.prefix(1)), port: running.port) { _ = try count($0) }
    let before = running.processorSeconds
    let load = try CallLoad(calls, port: running.port) { found = try count($0) }
    let processor = running.processorSeconds - before
    var samples = load.samples
    var firstSamples = first.samples
    self.calls.append(
      .count(store.traces), .text(name), .count(calls.count), .count(found), firstSamples.cell(0.5), samples.cell(0.5),
      samples.cell(0.99, least: 100), .number(processor / Double(calls.count) * 1e3, places: 2),
      .count(load.answerBytes / max(1, calls.count)))
    return samples
  }

  static func five(of ids: [TraceID], _ random: RandomSource) -> Set<TraceID> {
    var chosen: Set<TraceID> = []
    while chosen.count < min(5, ids.count) { chosen.insert(ids[Int(random.next() % UInt64(ids.count))]) }
    return chosen
  }

  /// All of them have to be there.
  static func fiveTraces(_ answer: JSONValue) throws -> Int {
    let count = answer["Traces"]?.array?.count ?? 0
    guard count == 5 else { throw Failure.failed("BatchGetTraces found \(count) of five traces") }
    return count
  }

  static func summaries(_ answer: JSONValue) throws -> Int {
    guard let count = answer["TraceSummaries"]?.array?.count else {
      throw Failure.failed("GetTraceSummaries answers without summaries")
    }
    return count
  }
}
