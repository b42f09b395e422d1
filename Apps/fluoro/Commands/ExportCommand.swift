import ArgumentParser
import SQLiteStore
import TraceReports
import Traces
import XRayModel

struct ExportCommand: AsyncParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case xray, otlp, raw, csv, svg, html
  }

  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Hand everything on in another form.",
    discussion: """
      FORMATS:
        xray   traces in the form of X-Ray's BatchGetTraces
        otlp   OpenTelemetry spans, OTLP/JSON
        raw    every segment document as it was sent, one a line
        csv    a line a trace
        svg    the service map
        html   a report in one file

      EXAMPLES:
        fluoro export --format html --output report.html
        fluoro export --format raw | gzip > segments.ndjson.gz
      """)

  @Option(name: .long, help: "What to write.")
  var format: Format

  @Option(
    name: .long, help: ArgumentHelp("The file to write or replace; standard output by default.", valueName: "file"))
  var output: String?

  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.openForReading()
    let file = try Output(path: output)
    switch format {
    case .xray: try await file.write(BatchGetTracesExport.json(store.allTraces()))
    case .otlp: try await file.write(OTLPExport.json(store.allTraces()))
    case .raw: for try await batch in store.documents() { try file.write(DocumentLines.bytes(batch)) }
    case .csv: try await file.write(SummaryCSV.csv(store.allSummaries()))
    case .svg: try await file.write(ServiceMapDrawing(store.serviceGraph(in: nil)).svg)
    case .html: try await file.write(report(of: store).render())
    }
    try await store.close()
  }

  private func report(of store: SQLiteTraceStore) async throws -> HTMLReport {
    let statistics = try await store.statistics()
    return try await HTMLReport(
      title: "Traces",
      facts: [
        .init("Traces", Quantity.count(statistics.traces)),
        .init("Documents", Quantity.count(statistics.documents)),
        .init("Bytes sent", Quantity.count(statistics.documentBytes)),
        .init("Bytes on disk", Quantity.count(statistics.storedBytes)),
      ],
      graph: store.serviceGraph(in: nil), traces: store.allTraces())
  }
}

extension SQLiteTraceStore {
  private static let pageSize = 500

  /// Every summary, newest first.
  fileprivate nonisolated func allSummaries() async throws -> [TraceSummary] {
    var query = TraceQuery(limit: Self.pageSize)
    var summaries: [TraceSummary] = []
    repeat {
      let page = try await self.summaries(query)
      summaries += page.summaries
      query.token = page.nextToken
    } while query.token != nil
    return summaries
  }

  fileprivate nonisolated func allTraces() async throws -> [Trace] {
    try await traces(allSummaries().map(\.id))
  }
}
