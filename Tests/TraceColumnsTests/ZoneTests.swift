import Testing
import TraceColumns
import TraceFilters
import Traces
import XRayModel

@Suite struct `A segment's zone` {
  @Test func `is a small blob of its own`() throws {
    let (segment, _) = try sample(seed: 50, 150)
    let bytes = segment.zone.bytes
    #expect(bytes.count < 2048)
    #expect(try SegmentZone(decoding: bytes) == segment.zone)
    #expect(throws: ColumnError.self) { try SegmentZone(decoding: Array(bytes.dropLast())) }
    #expect(throws: ColumnError(.notColumns, at: 0)) { try SegmentZone(decoding: segment.bytes) }
    #expect(try SegmentZone(decoding: SummarySegment([]).zone.bytes).starts == nil)
  }

  @Test(arguments: [
    #"service("nowhere")"#, #"service("nowhere") { fault }"#, #"edge("web", "nowhere")"#, "annotation.unheard = 1",
    #"fault AND annotation.unheard"#, "http.status < 0", "http.status = 1000",
  ])
  func `rules out what does not occur`(text: String) throws {
    let (segment, _) = try sample(seed: 51, 150)
    #expect(SummaryScan(try filter(text)).skips(segment.zone))
    #expect(!SummaryScan(try filter("!(\(text))")).skips(segment.zone))
  }

  @Test(arguments: [
    #"service("api")"#, #"edge("web", "api")"#, "annotation.tenant", "fault", "error", "ok", "partial", "!fault",
  ])
  func `lets pass what does`(text: String) throws {
    let (segment, _) = try sample(seed: 52, 150)
    #expect(!SummaryScan(try filter(text)).skips(segment.zone))
  }

  @Test func `rules flags out where no trace has them`() throws {
    let traces = RandomTraces(seed: 53).traces(200).sorted { $0.id < $1.id }
    let fine = traces.filter { !TraceSummary(of: $0).hasFault }
    let segment = try SummarySegment(fine.map { SegmentRow(of: $0) })
    #expect(SummaryScan(try filter("fault")).skips(segment.zone))
    #expect(SummaryScan(try filter(#"fault AND service("api")"#)).skips(segment.zone))
    #expect(!SummaryScan(try filter("!fault")).skips(segment.zone))
  }
}

@Suite struct `Names of a segment` {
  @Test func `are those of its traces`() throws {
    let (segment, traces) = try sample(seed: 54, 150)
    let summaries = traces.map { TraceSummary(of: $0) }
    let names = segment.names
    #expect(names.annotationKeys == Set(summaries.flatMap { $0.annotations.map(\.key) }).sorted())
    #expect(names.services.isSuperset(of: summaries.flatMap { $0.services.map(\.name) }))
    #expect(names.annotations["age"] == [.number, .text] && names.annotations["beta"] == .flag)
    var all = SeenNames()
    for name in ["a", "b"] { all.services.insert(name) }
    all.merge(names)
    #expect(all.services == names.services.union(["a", "b"]) && all.annotations == names.annotations)
    let choices = FilterExpression.completions(in: "annotation.te", at: 14, names: all).choices
    #expect(choices == ["annotation.tenant"])
  }
}

@Suite struct `A time series of segments` {
  @Test(arguments: ["", #"service("api")"#, #"edge("web", "api")"#, "service()"], [60, 300])
  func `is that of the traces`(text: String, period: Int) throws {
    let selector = try #require(EntitySelector(FilterExpression(parsing: text)))
    let (segment, traces) = try sample(seed: 55, 300)
    let range = Timestamp(ticks: base.ticks + 300 * 10_000_000)..<Timestamp(ticks: base.ticks + 3000 * 10_000_000)
    for range in [nil, range] {
      var series = TimeSeries(of: selector, period: period, range: range)
      series.add(segment)
      let expected = TimeSeries(of: traces, selector: selector, period: period, range: range)
      #expect(series.points == expected.points && series == expected)
      #expect(expected.points.count > 5)
    }
    let filter = try filter("responsetime > 2")
    var matching = TimeSeries(of: selector, period: period)
    matching.add(segment, matching: try SummaryScan(filter).matches(in: segment))
    #expect(matching == TimeSeries(of: traces.filter { filter.matches($0) }, selector: selector, period: period))
  }
}
