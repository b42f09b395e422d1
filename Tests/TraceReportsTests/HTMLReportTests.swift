import Testing
import TraceReports
import Traces
import XRayModel

@Suite struct `The report` {
  private func report(_ traces: [Trace], ledger: Ledger? = nil, scenarios: [TraceID: String] = [:]) -> HTMLReport {
    HTMLReport(
      title: "Run", facts: [.init("Seed", "7")], ledger: ledger, graph: ServiceGraph(of: traces), traces: traces,
      scenarios: scenarios)
  }

  @Test func `is one whole page that asks the network for nothing`() {
    let html = report([Sample().synchronous(), Sample(seed: 2).asynchronous()]).render()
    #expect(tagProblems(html).isEmpty)
    #expect(html.contains("default-src &#39;none&#39;"))
    for reach in [" src=", "@import", "url(", "fetch(", "XMLHttpRequest", "WebSocket", "<link", "innerHTML", "eval("] {
      #expect(!html.contains(reach), "\(reach)")
    }
  }

  @Test func `is the same for the same values`() {
    let traces = [Sample().synchronous(), Sample(seed: 2).asynchronous(), Sample(seed: 3).hostile()]
    let scenarios = Dictionary(uniqueKeysWithValues: traces.map { ($0.id, $0.id.description) })
    let ledger = Ledger([LedgerHop(name: "store", received: 3, rejected: ["a": 1, "b": 1, "c": 1])])
    let once = report(traces, ledger: ledger, scenarios: scenarios).render()
    #expect(once == report(traces.reversed(), ledger: ledger, scenarios: scenarios).render())
  }

  @Test func `lists the newest first and offers each trace with its documents`() throws {
    let (early, late) = (Sample().synchronous(), Sample(seed: 2).asynchronous(at: 60_000))
    let html = report([early, late], scenarios: [early.id: "cold start"]).render()
    let positions = try [late, early].map { try #require(html.firstRange(of: "#/traces/\($0.id)")).lowerBound }
    #expect(positions == positions.sorted())
    #expect(html.components(of: "<template data-trace=") == 2)
    #expect(html.contains(#"data-scenario="cold start""#))
    #expect(html.contains(">2 attempts<"))
    let embedded = try documents(in: html)
    #expect(embedded.map { $0["Id"]?.string } == [late.id.description, early.id.description])
    #expect(embedded[1]["Segments"]?.array?.count == early.segments.count)
  }

  /// The JSON that the page's script reads.
  private func documents(in html: String) throws -> [JSONValue] {
    let opening = #"<script type="application/json">"#
    var rest = html[...]
    var found: [JSONValue] = []
    while let start = rest.firstRange(of: opening) {
      rest = rest[start.upperBound...]
      let end = try #require(rest.firstRange(of: "</script>")).lowerBound
      found.append(try JSONValue(parsing: String(rest[..<end])))
      rest = rest[end...]
    }
    return found
  }

  @Test func `keeps hostile text as text, everywhere`() throws {
    let trace = Sample().hostile()
    var report = report([trace], scenarios: [trace.id: hostileText])
    report.title = hostileText
    report.facts = [.init(hostileText, hostileText)]
    report.ledger = Ledger([
      LedgerHop(name: hostileText, received: 2, rejected: [hostileText: 1], dropped: [hostileText: 1])
    ])
    let html = report.render()
    #expect(tagProblems(html).isEmpty)
    #expect(html.components(of: "<script") == 2)
    #expect(html.components(of: "</script") == 2)
    #expect(!html.contains("<img"))
    let document = try documents(in: html)[0]["Segments"]?[0]?["Document"]?.string ?? ""
    #expect(try JSONValue(parsing: document)["name"]?.string == hostileText)
  }

  @Test func `shows the ledger with what was lost and whether it balances`() {
    let balanced = Ledger([
      LedgerHop(name: "daemon", received: 5, passedOn: 4, rejected: ["no header": 1]),
      LedgerHop(name: "store", received: 4, passedOn: 4),
    ])
    let html = report([], ledger: balanced).render()
    #expect(html.contains("✓ Every document is accounted for"))
    #expect(html.contains("<small>no header 1</small>"))
    #expect(html.components(of: "✓ yes") == 2)
    let leaking = Ledger([LedgerHop(name: "daemon", received: 5, passedOn: 4)])
    #expect(report([], ledger: leaking).render().contains("✕ The counts do not add up: daemon 1."))
  }

  @Test func `says what is missing when there is nothing`() {
    let html = report([]).render()
    #expect(html.contains("No service has sent a segment yet."))
    #expect(html.contains("No trace was recorded."))
    #expect(tagProblems(html).isEmpty)
  }

  @Test func `shows so many of the newest traces and says so`() {
    let sample = Sample()
    let traces = (0..<(HTMLReport.traceLimit + 2)).map { place in
      Trace(
        id: sample.traceID(Double(place)), segments: [sample.segment("s", Double(place), Double(place) + 1)],
        revision: 1)
    }
    let html = HTMLReport(title: "Many", graph: ServiceGraph(of: [Trace]()), traces: traces).render()
    #expect(html.components(of: #"<li class="trace-row""#) == HTMLReport.traceLimit)
    #expect(html.contains("The newest 500 of 502 traces."))
    #expect(!html.contains(traces[1].id.description) && html.contains(traces[2].id.description))
  }
}
