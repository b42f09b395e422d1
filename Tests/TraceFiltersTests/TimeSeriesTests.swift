import Testing
import TraceFilters
import Traces
import XRayModel

@Suite struct `A time series` {
  private let base = Timestamp(seconds: Int64(1_480_615_200))

  private func trace(_ second: Int, took seconds: Int64, fails: Bool = false) -> Trace {
    let random = RandomSource(seed: UInt64(second + 1))
    let start = Timestamp(ticks: base.ticks + Int64(second) * 10_000_000)
    let id = random.traceID(at: start)
    var entity = Entity(.segment, id: random.entityID(), name: "web", traceID: id, start: start)
    entity.end = Timestamp(ticks: start.ticks + seconds * 10_000_000)
    entity.isFault = fails
    return Trace(id: id, compiling: [entity])
  }

  @Test func `has a point for each period with requests, the newest first`() throws {
    let traces = [trace(0, took: 1), trace(59, took: 3, fails: true), trace(60, took: 5), trace(500, took: 7)]
    let series = TimeSeries(of: traces, selector: .clientCalls)
    #expect(series.points.map { ($0.start.ticks - base.ticks) / 10_000_000 } == [480, 60, 0])
    let last = try #require(series.points.last)
    #expect(last.statistics.ok == 1 && last.statistics.fault == 1 && last.statistics.totalResponseTime == 4)
    #expect(last.responseTimes == Histogram(values: [1, 3]))
    #expect(TimeSeries(of: traces, selector: .clientCalls, period: 300).points.count == 2)
    let range = Timestamp(ticks: base.ticks + 60 * 10_000_000)..<Timestamp(ticks: base.ticks + 500 * 10_000_000)
    #expect(TimeSeries(of: traces, selector: .clientCalls, range: range).points.map(\.statistics.total) == [1])
  }

  @Test func `can be merged in any order`() throws {
    let traces = (0..<40).map { trace($0 * 7, took: Int64($0 % 5)) }
    var parts = [TimeSeries](repeating: TimeSeries(of: .clientCalls), count: 3)
    for (number, trace) in traces.enumerated() { parts[number % 3].add(trace) }
    var sum = TimeSeries(of: .clientCalls)
    for part in [2, 0, 1] { sum.merge(parts[part]) }
    #expect(sum == TimeSeries(of: traces, selector: .clientCalls))
  }

  @Test(arguments: ["fault", #"service("a") { fault }"#, #"service("a") service("b")"#, #"!service("a")"#])
  func `is selected by one service or one edge`(text: String) throws {
    #expect(EntitySelector(try FilterExpression(parsing: text)) == nil)
    #expect(EntitySelector(try FilterExpression(parsing: "service()"))?.isOfServices == true)
    #expect(EntitySelector(try FilterExpression(parsing: #"edge("a", "b")"#))?.isOfServices == false)
    #expect(EntitySelector(.all) == .clientCalls)
  }
}
