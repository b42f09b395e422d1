import Foundation
import TraceReports
import Traces
import XRayModel

/// The files that a run writes. For one seed they are always the same, byte for byte.
struct Exports {
  let findings: Findings
  let scenarios: [Scenario]
  let facts: [HTMLReport.Fact]

  /// Name, content and what it is for.
  var files: [(name: String, bytes: [UInt8], purpose: String)] {
    let report = HTMLReport(
      title: "Fluoro demo", facts: facts, ledger: findings.ledger, graph: findings.graph, traces: findings.traces,
      scenarios: titles)
    return [
      ("report.html", Array(report.render().utf8), "the report: open it in a browser"),
      (
        "traces.json", Array(BatchGetTracesExport.json(findings.traces).utf8),
        "all traces as BatchGetTraces answers them"
      ),
      ("traces.otlp.json", Array(OTLPExport.json(findings.traces).utf8), "the same for OpenTelemetry"),
      ("segments.ndjson", DocumentLines.bytes(findings.documents), "the documents as they were sent"),
      ("service-map.svg", Array(ServiceMapDrawing(findings.graph).svg.utf8), "the service map"),
      ("summary.csv", Array(SummaryCSV.csv(findings.summaries).utf8), "a line for each trace"),
    ]
  }

  func write(to directory: String) throws {
    for file in files {
      try Data(file.bytes).write(to: URL(fileURLWithPath: "\(directory)/\(file.name)"))
    }
  }

  /// The scenario of each trace, by the functions in it.
  private var titles: [TraceID: String] {
    var titles: [TraceID: String] = [:]
    for scenario in scenarios {
      for trace in scenario.functions.flatMap(findings.traces(of:)) { titles[trace.id] = scenario.title }
    }
    return titles
  }
}
