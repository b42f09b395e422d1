/// What the API has to reach, and whether it does here.
struct APITargets {
  struct Target {
    enum Bound { case atLeast, atMost }

    var name: String
    var bound: Bound
    var limit: Double
    var unit: String
    /// Fewer traces in the store say nothing about it.
    var leastTraces = 0

    static let ingest = Target(
      name: "PutTraceSegments, batches of 50, documents per CPU second", bound: .atLeast, limit: 25_000, unit: "")
    static let accounted = Target(name: "documents in no count, all runs", bound: .atMost, limit: 0, unit: "")
    static let traces = Target(name: "BatchGetTraces of five, p50", bound: .atMost, limit: 2, unit: "ms")
    static let summaries = Target(
      name: "GetTraceSummaries, two terms, first page, p50", bound: .atMost, limit: 40, unit: "ms",
      leastTraces: 1_000_000)
    static let emptyStart = Target(
      name: "start to ready, empty store, median", bound: .atMost, limit: 50, unit: "ms")
    /// So many traces have a little over 5,000,000 documents.
    static let filledStart = Target(
      name: "start to ready, 5,000,000 documents, median", bound: .atMost, limit: 300, unit: "ms",
      leastTraces: 1_750_000)
    static let memory = Target(name: "resident memory, idle", bound: .atMost, limit: 40, unit: "MB")
  }

  private var measures: [(target: Target, data: String, traces: Int, measured: Double)] = []

  /// - Parameter traces: In the store.
  mutating func judge(_ target: Target, _ data: String, traces: Int = 0, _ measured: Double) {
    measures.append((target, data, traces, measured))
  }

  var table: BenchTable {
    var table = BenchTable(
      "targets", "Targets",
      [
        "target": "target", "data": "data", "bound": "bound", "limit": "limit", "measured": "measured", "unit": "unit",
        "met": "met",
      ])
    for (target, data, traces, measured) in measures {
      let isMet = target.bound == .atLeast ? measured >= target.limit : measured <= target.limit
      let met: BenchTable.Cell =
        if !measured.isFinite {
          .missing("not measured")
        } else if traces < target.leastTraces {
          .missing("needs --traces \(target.leastTraces)")
        } else {
          .text(isMet ? "yes" : "no")
        }
      table.append(
        .text(target.name), .text(data), .text(target.bound == .atLeast ? "at least" : "at most"),
        .number(target.limit, places: 0),
        measured.isFinite ? .number(measured, places: target.unit.isEmpty ? 0 : 2) : .missing("-"),
        .text(target.unit), met)
    }
    return table
  }
}
