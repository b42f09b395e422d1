import Testing
import TraceColumns
import TraceFilters
import Traces
import XRayModel

private let expressions = [
  "", "ok", "fault", "error", "!throttle", "throttle", "partial = false", "inferred",
  "responsetime > 5", "responsetime", "!(responsetime)", "responsetime <= 0.25", "duration >= 3 AND duration < 9",
  "duration != 0", "http.status = 500", "http.status != 200", "http.status", "responsetime > 1 AND http.status >= 500",
  #"http.url CONTAINS "/1""#, #"http.url CONTAINS "" "#, #"http.url BEGINSWITH "https://shop""#,
  #"http.url ENDSWITH "orders""#, #"http.url != "x""#, #"http.url CONTAINS "apihttps""#,
  #"http.method = "POST" OR http.useragent"#, #"http.clientip = "10.0.0.7""#,
  #"user = "alice""#, #"user CONTAINS "本" OR !user"#, #"resource.arn = "arn:aws:x:1""#, "instance.id",
  #"availabilityzone != "eu-1a""#,
  "annotation.tenant", #"annotation.tenant = "acme""#, #"annotation.tenant CONTAINS "" "#, "annotation.age > 30",
  #"annotation.age = "45""#, "annotation.ratio != 1", "annotation.beta", "annotation.beta = false", "!annotation.beta",
  "annotation.rare1", "annotation.unknown", #"annotation.tenant ENDSWITH "a" AND annotation.age != 7"#,
  #"service("web")"#, #"service(id(type: "AWS::Lambda"))"#, #"!service("api")"#, #"service("api") { fault }"#,
  #"service() { responsetime > 9 }"#, #"service("nobody") { fault }"#,
  "edge", #"edge("web", "api")"#, #"edge("web", "orders") { fault }"#, #"!edge("api", "web")"#,
  #"rootcause.fault.service { name = "web" }"#, #"rootcause.fault.exception { message CONTAINS "2" }"#,
  "!(rootcause.responsetime.entity { coverage > 0.9 })", #"rootcause.json = #[{"ClientImpacting": true}]"#,
  #"rootcause.json != #[{"ClientImpacting": true}]"#,
  #"(fault OR service("api") { fault }) AND !(http.status = 503) AND (annotation.age > 10 OR user = "bob")"#,
]

private let samples = try? [sample(seed: 20, 120), sample(seed: 21, 120)]

@Suite struct `A scan` {
  @Test(arguments: expressions) func `says of each trace what the filter says`(text: String) throws {
    let filter = try filter(text)
    let scan = SummaryScan(filter)
    for (segment, traces) in try #require(samples) {
      let matches = try scan.matches(in: segment)
      let sure = Set(matches.sureRows)
      let undecided = Set(matches.undecidedRows)
      #expect(sure.isDisjoint(with: undecided))
      #expect(!scan.skips(segment.zone) || sure.isEmpty)
      for (row, trace) in traces.enumerated() {
        let summary = TraceSummary(of: trace)
        // Columns may tell more than a summary alone, never less and nothing else than the documents.
        if filter.verdict(on: summary) != nil { #expect(!undecided.contains(row), "\(text): row \(row)") }
        if !undecided.contains(row) {
          #expect(sure.contains(row) == filter.matches(trace, summary: summary), "\(text): row \(row)")
        }
      }
    }
  }

  @Test func `leaves few traces to their documents`() throws {
    let (segment, traces) = try sample(seed: 22, 200)
    let matches = try SummaryScan(try filter(#"service("api") { fault }"#)).matches(in: segment)
    let with = traces.indices.filter { row in TraceSummary(of: traces[row]).services.contains { $0.name == "api" } }
    #expect(matches.undecidedRows == with && matches.sureCount == 0)
    let edges = try SummaryScan(try filter(#"edge("web", "api")"#)).matches(in: segment)
    #expect(edges.undecidedCount == 0 && edges.sureCount > 0)
  }

  @Test func `finds pages, the newest traces first`() throws {
    let random = RandomTraces(seed: 23)
    let traces = random.traces(240).sorted { $0.start < $1.start }
    let segments = try stride(from: 0, to: 240, by: 60).map { first in
      try SummarySegment(traces[first..<first + 60].sorted { $0.id < $1.id }.map { SegmentRow(of: $0) })
    }
    let filter = try filter("responsetime > 2")
    let expected = traces.filter { filter.matches($0) }
      .sorted { ($0.start, $0.id) > ($1.start, $1.id) }.map(\.id)
    let scan = SummaryScan(filter)
    #expect(try scan.page(of: segments).hits.map(\.id) == expected)
    var found: [TraceID] = []
    var position: SummaryScan.Position?
    repeat {
      let page = try scan.page(of: segments, after: position, limit: 7)
      found += page.hits.map(\.id)
      position = page.hits.last?.position
      #expect(page.segmentsRead + page.segmentsSkipped + page.segmentsLeft == segments.count)
      #expect(page.rowsRead == page.segmentsRead * 60)
      #expect(page.hits.allSatisfy { segments[$0.segment].id(at: $0.row) == $0.id })
    } while position != nil
    #expect(found == expected)
    #expect(try scan.page(of: segments, limit: 3).segmentsRead == 1)
    #expect(try scan.page(of: segments, limit: 0).hits.isEmpty)
  }

  @Test func `keeps to its range`() throws {
    let (segment, traces) = try sample(seed: 24, 100)
    let starts = traces.map(\.start).sorted()
    let range = starts[20]..<starts[70]
    let page = try SummaryScan(try filter(""), in: range).page(of: [segment])
    #expect(Set(page.hits.map(\.id)) == Set(traces.filter { range.contains($0.start) }.map(\.id)))
    let later = starts[99].advanced(by: .seconds(1))..<starts[99].advanced(by: .seconds(2))
    #expect(SummaryScan(try filter(""), in: later).skips(segment.zone))
    let skipped = try SummaryScan(try filter("http.status > 1000")).page(of: [segment])
    #expect(skipped.segmentsSkipped == 1 && skipped.rowsRead == 0)
  }
}
