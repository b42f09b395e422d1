import Traces
import XRayModel

/// A trace with what the list and the trace's own view show of it.
struct TraceEntry {
  let trace: Trace
  let summary: TraceSummary
  let timeline: TimelineDrawing
  let scenario: String?

  init(_ trace: Trace, scenario: String?) {
    self.trace = trace
    self.scenario = scenario
    summary = TraceSummary(of: trace)
    timeline = TimelineDrawing(trace)
  }

  var rows: [TimelineLayout.Row] { timeline.layout.rows }
  /// The entry point's.
  var status: Status { rows.first?.status ?? .ok }
  var seconds: Double { timeline.layout.span }
  var isColdStart: Bool { rows.contains { $0.role == .coldStart } }

  /// What the request was: its URL, or the service that took it.
  var subject: String { summary.http.url ?? rows.first?.entity.shownName ?? "empty trace" }

  private var attempts: Int { rows.count { $0.role == .attempt } }

  /// Failed work below the entry point, which need not have failed itself. Inferred rows repeat their callers'.
  private var inner: [(status: Status, count: Int)] {
    [Status.fault, .throttle, .error].map { status in
      (status, rows.dropFirst().count { $0.status == status && $0.role != .inferred })
    }.filter { $0.1 > 0 }
  }

  // MARK: In the list

  func drawRow(scale: Double, into markup: inout Markup) {
    markup.element(
      "li",
      [
        "class": "trace-row", "data-status": status.rawValue, "data-seconds": Quantity.coordinate(seconds, places: 7),
        "data-search": searchText, "data-services": serviceNames, "data-scenario": scenario,
      ]
    ) { markup in
      markup.element("a", ["href": "#/traces/\(trace.id)"]) { markup in
        markup.status(status)
        markup.element("span", ["class": "subject"]) { markup in
          if let method = summary.http.method { markup.element("bdi", ["class": "method"], text: method) }
          markup.element("bdi", ["class": "what"], text: subject)
          drawTags(into: &markup)
          markup.element("span", ["class": "id"], text: trace.id.description)
        }
        markup.element("span", ["class": "code"], text: summary.http.status.map(String.init) ?? "")
        markup.element("span", ["class": "took"]) { markup in
          markup.element("span", ["class": "number"], text: Quantity.duration(seconds))
          let share = scale > 0 ? min(1, seconds / scale) : 0
          markup.element(
            "span", ["class": "meter", "style": "--share:\(Quantity.coordinate(share * 100))%"]
          ) { _ in }
        }
        markup.element(
          "time", ["datetime": trace.start.iso8601, "title": trace.start.iso8601],
          text: String(trace.start.iso8601.dropFirst(11).dropLast()))
      }
    }
  }

  private func drawTags(into markup: inout Markup) {
    if let scenario { markup.element("bdi", ["class": "tag scenario"], text: scenario) }
    if isColdStart { markup.element("span", ["class": "tag cold-start"], text: "cold start") }
    if attempts > 1 { markup.element("span", ["class": "tag"], text: "\(attempts) attempts") }
    if summary.isPartial { markup.element("span", ["class": "tag late"], text: "partial") }
    for (status, count) in inner {
      markup.element(
        "span",
        [
          "class": "tag status \(status.rawValue)",
          "title": "\(count) × \(status.label.lowercased()) below the entry point",
        ],
        text: "\(status.symbol) \(count)")
    }
  }

  /// Lower-case text that the list's filter looks into.
  private var searchText: String {
    var seen: Set<String> = []
    var text = ""
    func add(_ part: String?) {
      guard let part, !part.isEmpty, text.utf8.count < Self.searchTextLimit, seen.insert(part).inserted else { return }
      text += (text.isEmpty ? "" : "\n") + part.lowercased()
    }
    for part in [trace.id.description, trace.id.w3c, scenario, summary.http.method, summary.http.url] { add(part) }
    for user in summary.users { add(user.name) }
    for row in rows {
      add(row.entity.name)
      add(row.entity.origin)
      if let status = row.entity.http?.response?.status { add(String(status)) }
      for annotation in row.entity.annotations { add("\(annotation.key)=\(annotation.value.plainText)") }
      guard case .exceptions(let detail)? = row.entity.cause else { continue }
      for exception in detail.exceptions {
        add(exception.type)
        add(exception.message)
      }
    }
    return text
  }

  private static let searchTextLimit = 4000

  /// The nodes that the trace touches, as JSON: for the map's "show traces".
  private var serviceNames: String {
    JSONValue.array(Array(Set(summary.services.map(\.name))).sorted().map { .string($0) }).rendered()
  }

  // MARK: On its own

  /// What the script shows when the trace is opened, and the documents that it takes the details from.
  func drawTemplate(into markup: inout Markup) {
    markup.element("template", ["data-trace": trace.id.description]) { markup in
      markup.element("header", ["class": "trace-head"]) { markup in
        markup.element("h1", ["tabindex": "-1"]) { markup in
          if let method = summary.http.method {
            markup.element("bdi", ["class": "method"], text: method)
            markup.text(" ")
          }
          markup.element("bdi", text: subject)
        }
        markup.element("p", ["class": "identity"], text: "\(trace.id) · \(timeline.layout.start.iso8601)")
        markup.element("p", ["class": "tags"]) { markup in
          markup.status(status)
          drawTags(into: &markup)
        }
        drawFacts(into: &markup)
      }
      drawMap(into: &markup)
      markup.verbatim(timeline.fragment)
      var writer = JSONWriter()
      BatchGetTracesExport.write(trace, to: &writer)
      markup.element("script", ["type": "application/json"]) { $0.verbatim(Markup.inert(json: writer.text)) }
    }
  }

  private func drawFacts(into markup: inout Markup) {
    let facts = [
      ("Duration", Quantity.duration(seconds)),
      ("Response", summary.responseTime.map(Quantity.duration) ?? "not complete"),
      ("Status code", summary.http.status.map(String.init) ?? "–"),
      ("Entities", String(rows.count)), ("Documents", String(trace.revision)),
    ]
    markup.element("dl", ["class": "facts"]) { markup in
      for (label, value) in facts {
        markup.element("div") { markup in
          markup.element("dt", text: label)
          markup.element("dd", text: value)
        }
      }
    }
  }

  private func drawMap(into markup: inout Markup) {
    let graph = ServiceGraph(of: [trace])
    guard graph.services.count > 2 else { return }
    markup.element("details", ["class": "trace-map"]) { markup in
      markup.element("summary", text: "Map of this trace")
      markup.element("div", ["class": "map-scroll"]) { markup in
        markup.verbatim(ServiceMapDrawing(graph).fragment(isInteractive: false))
      }
    }
  }
}
