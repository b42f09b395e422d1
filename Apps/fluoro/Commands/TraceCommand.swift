import ArgumentParser
import TraceFilters
import TraceReports
import Traces
import XRayModel

struct TraceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Show one trace as a timeline.",
    discussion: """
      With --json it has the form of X-Ray's BatchGetTraces.

      EXAMPLES:
        fluoro trace 1-58406520-a006649127e371903a2de979
        fluoro trace 58406520a006649127e371903a2de979     the same, as OpenTelemetry writes it
        fluoro trace 1-58406520-a006649127e371903a2de979 --explain 'fault AND responsetime > 1'
      """)

  @Argument(help: ArgumentHelp("The trace's id.", valueName: "id"), transform: Self.traceID)
  var id: TraceID

  @Option(help: ArgumentHelp("Tell why the trace matches a filter expression, or why not.", valueName: "expression"))
  var explain: String?

  @OptionGroup var store: StoreOptions
  @OptionGroup var output: JSONOption

  func validate() throws { _ = try explain.map(FilterOption.filter) }

  func run() async throws {
    let filter = try explain.map(FilterOption.filter)
    let store = try store.openForReading()
    let traces = try await store.traces([id])
    try await store.close()
    guard let trace = traces.first else { throw Failure.unreachable("there is no trace \(id) in \(self.store.data)") }
    if let filter {
      try Output().writeLine(filter.explain(trace).description)
    } else if output.json {
      try Output().write(BatchGetTracesExport.json([trace]))
    } else {
      try Output().write(TextTimeline(trace, width: Console.width, isColored: Console.isColored).text)
    }
  }

  @Sendable private static func traceID(_ text: String) throws -> TraceID {
    guard let id = TraceID(text) ?? TraceID(w3c: text) else { throw ValidationError("\(text) is not a trace id") }
    return id
  }
}
