import ArgumentParser
import TraceFilters
import TraceReports
import Traces
import XRayModel

struct TracesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "traces",
    abstract: "List traces, newest first.",
    discussion: """
      With --json it has the form of X-Ray's GetTraceSummaries.

      EXAMPLES:
        fluoro traces --since 30m
        fluoro traces --since 2026-11-21 --until 2026-11-21T10:00:00Z --json
        fluoro traces --filter 'responsetime > 1 AND !ok'
        fluoro traces --filter 'service("orders") { fault } OR annotation.tier = "gold"'
        fluoro traces --filter 'fault AND duration > 5' --explain
      """)

  @OptionGroup var range: RangeOptions
  @OptionGroup var filter: FilterOption

  @Option(name: .long, help: ArgumentHelp("List at most so many.", valueName: "count"))
  var limit = 100

  @Flag(name: .long, help: "Tell what it took to find them: how many blocks were read, how many traces opened.")
  var explain = false

  @OptionGroup var store: StoreOptions
  @OptionGroup var output: JSONOption

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit is \(limit), and should be 1 or more") }
  }

  func run() async throws {
    let query = TraceQuery(range: range.range(now: SystemClock().now), limit: limit)
    let store = try store.openForReading()
    let found = try await list(query, in: store)
    try await store.close()
    if output.json {
      try Output().writeLine(json(found))
    } else {
      try Output().write(found.summaries.map { line($0) + "\n" }.joined())
      if found.hasMore { Console.say("There are more; --limit shows them.") }
      if explain { Console.say(explanation(found)) }
    }
  }

  private func list(_ query: TraceQuery, in store: some FilteringTraceStore) async throws -> FilteredSummaries {
    try await store.summaries(query, matching: filter.filter() ?? TraceFilter(.all))
  }

  private func explanation(_ found: FilteredSummaries) -> String {
    let work = found.work
    let counts = [
      "read \(Quantity.count(work.blocksRead))", "passed by \(Quantity.count(work.blocksSkipped)) for their bounds",
      "left \(Quantity.count(work.blocksLeft)) with older traces",
    ]
    return """
      filter: \((try? filter.filter())??.expression.description ?? "none")
      blocks of summaries: \(counts.joined(separator: ", "))
      traces: looked at \(Quantity.count(found.processedCount)), opened \(Quantity.count(work.tracesOpened)) of which \
      summaries do not tell
      """
  }

  private func json(_ found: FilteredSummaries) -> String {
    var writer = JSONWriter(pretty: true)
    writer.object { writer in
      writer.key("TraceSummaries")
      writer.array { writer in for summary in found.summaries { summary.write(to: &writer) } }
      writer.member("TracesProcessedCount", found.processedCount)
      writer.member("HasMore", found.hasMore)
      guard explain else { return }
      writer.key("Work")
      writer.object { writer in
        writer.member("BlocksRead", found.work.blocksRead)
        writer.member("BlocksSkipped", found.work.blocksSkipped)
        writer.member("BlocksLeft", found.work.blocksLeft)
        writer.member("TracesOpened", found.work.tracesOpened)
      }
    }
    return writer.text
  }

  private func line(_ summary: TraceSummary) -> String {
    let outcome =
      summary.hasFault ? "fault" : summary.hasThrottle ? "throttle" : summary.hasError ? "error" : "ok"
    let request = [summary.http.method, summary.http.status.map(String.init), summary.http.url].compactMap { $0 }
    return [
      summary.start.iso8601, summary.id.description,
      summary.isPartial ? "in progress" : Quantity.duration(summary.responseTime ?? summary.duration),
      outcome, summary.entryPoint?.name ?? "-", request.joined(separator: " "),
    ].enumerated().map { column, text in text.padded(to: [24, 35, 11, 8, 24, 0][column]) }.joined(separator: " ")
  }
}

extension String {
  /// Control characters would play with the terminal.
  fileprivate func padded(to width: Int) -> String {
    let text = String(map { $0.isNewline || ($0.asciiValue.map { $0 < 0x20 || $0 == 0x7F } ?? false) ? "·" : $0 })
    return text + String(repeating: " ", count: max(0, width - text.count))
  }
}
