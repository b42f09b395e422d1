public import Traces
public import XRayModel

/// A run in one HTML file that needs no network: summary, loss ledger, service map, and every trace with its
/// timeline and details. The same values give the same bytes.
public struct HTMLReport: Sendable {
  /// A line of the summary.
  public struct Fact: Hashable, Sendable {
    public var label: String
    public var value: String

    public init(_ label: String, _ value: String) {
      self.label = label
      self.value = value
    }
  }

  public var title: String
  public var facts: [Fact]
  public var ledger: Ledger?
  public var graph: ServiceGraph
  public var traces: [Trace]
  /// What each trace was made for, such as the scenario of a demo.
  public var scenarios: [TraceID: String]

  /// The newest traces are shown up to this many, so that browsers can open the file; a note says so.
  public static let traceLimit = 500

  public init(
    title: String, facts: [Fact] = [], ledger: Ledger? = nil, graph: ServiceGraph, traces: [Trace],
    scenarios: [TraceID: String] = [:]
  ) {
    self.title = title
    self.facts = facts
    self.ledger = ledger
    self.graph = graph
    self.traces = traces
    self.scenarios = scenarios
  }

  /// The whole file.
  public func render() -> String {
    let newest = BatchGetTracesExport.inOrder(traces).reversed().prefix(Self.traceLimit)
    let entries = newest.map { TraceEntry($0, scenario: scenarios[$0.id]) }
    var markup = Markup()
    markup.verbatim("<!DOCTYPE html>\n")
    markup.element("html", ["lang": "en"]) { markup in
      markup.element("head") { drawHead(into: &$0) }
      markup.element("body") { markup in
        drawMasthead(into: &markup)
        markup.element("main", ["id": "overview"]) { markup in
          markup.element("h1", text: title)
          drawSummary(entries, into: &markup)
          drawMap(into: &markup)
          drawList(entries, into: &markup)
        }
        drawTraceView(into: &markup)
        markup.element("noscript") { markup in
          markup.element("p", text: "Opening and filtering traces needs JavaScript; all else is above.")
        }
        for entry in entries { entry.drawTemplate(into: &markup) }
        markup.element("script") { $0.verbatim(Self.script) }
      }
    }
    return markup.string + "\n"
  }

  /// The colours of pages and drawings as custom properties: the system's scheme, unless the root's `data-theme` is
  /// `light` or `dark`.
  public static var colors: String {
    ":root{\(Palette.declarations(.light))color-scheme:light}"
      + "@media (prefers-color-scheme: dark){:root:not([data-theme=light]){"
      + "\(Palette.declarations(.dark))color-scheme:dark}}"
      + ":root[data-theme=dark]{\(Palette.declarations(.dark))color-scheme:dark}"
  }

  private func drawHead(into markup: inout Markup) {
    markup.empty("meta", ["charset": "utf-8"])
    markup.empty("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
    markup.empty("meta", ["name": "color-scheme", "content": "light dark"])
    // No source of anything but this file: whatever a trace holds, nothing is ever fetched or sent.
    markup.empty(
      "meta",
      [
        "http-equiv": "Content-Security-Policy",
        "content": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; "
          + "form-action 'none'",
      ])
    markup.empty("meta", ["name": "referrer", "content": "no-referrer"])
    markup.element("title", text: title)
    markup.element("style") { markup in
      for rules in [Self.colors, Self.style, TimelineDrawing.stylesheet, ServiceMapDrawing.stylesheet] {
        markup.verbatim(rules + "\n")
      }
    }
  }

  private func drawMasthead(into markup: inout Markup) {
    markup.element("header", ["class": "masthead"]) { markup in
      markup.element("a", ["class": "brand", "href": "#/"]) { markup in
        markup.verbatim(Self.mark)
        markup.element("span", text: "Fluoro")
      }
      markup.element("nav", ["aria-label": "Sections"]) { markup in
        markup.element("a", ["href": "#/service-map"], text: "Service map")
        markup.element("a", ["href": "#/traces"], text: "Traces")
      }
      markup.element("button", ["type": "button", "id": "theme", "class": "quiet"], text: "Theme")
    }
  }

  private static let mark = #"""
    <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">\#
    <rect x="1" y="1" width="22" height="22" rx="6" fill="currentColor"/>\#
    <path d="M6 8h9M8 12h10M11 16h5" stroke="var(--surface)" stroke-width="2.2" stroke-linecap="round"/></svg>
    """#

  /// The frame that the script fills with the trace that was opened.
  private func drawTraceView(into markup: inout Markup) {
    markup.element("main", ["id": "trace", "hidden": ""]) { markup in
      markup.element("nav", ["class": "trace-nav", "aria-label": "Traces"]) { markup in
        markup.element("a", ["href": "#/traces", "class": "button"], text: "← All traces")
        markup.element("a", ["id": "newer", "class": "button"], text: "Newer")
        markup.element("a", ["id": "older", "class": "button"], text: "Older")
      }
      markup.element("div", ["class": "trace-body"]) { markup in
        markup.element("div", ["id": "trace-content"]) { _ in }
        markup.element("aside", ["id": "details", "aria-label": "Details", "aria-live": "polite"]) { _ in }
      }
    }
  }
}
