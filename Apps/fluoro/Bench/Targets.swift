/// What the store has to reach, and whether it does here.
struct Targets {
  /// A bound that a measure has to keep below. The name says of what.
  struct Target {
    var name: String
    var limit: Double
    var unit: String
    /// Fewer documents say nothing about it.
    var least = 0

    /// In the order in which they are told.
    fileprivate static let all = [
      ingest, size, traceMedian, traceTail, filter, annotation, hour, filteredGraph, growth, memory, visible, retention,
    ]

    static let ingest = Target(name: "ingest, CPU per document", limit: 20, unit: "µs")
    static let size = Target(name: "file ÷ the whole raw file under zstd -19", limit: 1, unit: "")
    static let traceMedian = Target(name: "trace by id, warm, p50", limit: 0.3, unit: "ms", least: 5_000_000)
    static let traceTail = Target(name: "trace by id, warm, p99", limit: 5, unit: "ms", least: 5_000_000)
    static let filter = Target(
      name: "filter with two predicates, warm, CPU", limit: 20, unit: "ms", least: 2_920_000)
    static let annotation = Target(name: "filter with annotation[], warm, CPU", limit: 20, unit: "ms", least: 2_920_000)
    static let hour = Target(name: "service graph of an hour, warm, CPU", limit: 10, unit: "ms", least: 2_920_000)
    static let filteredGraph = Target(
      name: "service graph of a filter, warm, CPU", limit: 60, unit: "ms", least: 2_920_000)
    static let growth = Target(
      name: "CPU per document ÷ that at 100,000 documents", limit: 1.2, unit: "", least: 5_000_000)
    static let memory = Target(name: "resident memory while storing", limit: 128, unit: "MiB", least: 5_000_000)
    static let visible = Target(name: "put to visible, the longest", limit: 150, unit: "ms")
    static let retention = Target(name: "put beside retention, p99", limit: 50, unit: "ms")
  }

  private var measures: [(target: Target, data: String, documents: Int, measured: Double?)] = []

  /// - Parameter measured: `nil` when it could not be measured.
  mutating func judge(_ target: Target, _ data: String, _ documents: Int, _ measured: Double?) {
    measures.append((target, data, documents, measured))
  }

  var table: BenchTable {
    var table = BenchTable(
      "targets", "Targets",
      [
        "target": "target", "data": "data", "documents": "documents", "limit": "at most", "measured": "measured",
        "unit": "unit", "met": "met",
      ])
    for target in Target.all {
      for (_, data, documents, measured) in measures.filter({ $0.target.name == target.name }) {
        let met: BenchTable.Cell =
          switch measured {
          case nil: .missing("not measured")
          case _? where documents < target.least: .missing("needs --documents \(target.least)")
          case let measured?: .text(measured <= target.limit ? "yes" : "no")
          }
        table.append(
          .text(target.name), .text(data), .count(documents), .number(target.limit, places: target.limit < 2 ? 1 : 0),
          measured.map { .number($0, places: 2) } ?? .missing("-"), .text(target.unit), met)
      }
    }
    return table
  }
}
