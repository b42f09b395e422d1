import Glibc
import TraceReports
import XRayModel

/// Measures in rows: a Markdown table for people and pages, an array of objects for scripts.
struct BenchTable {
  enum Cell {
    case text(String)
    case count(Int)
    case number(Double, places: Int)
    /// Nothing was measured: why.
    case missing(String)
  }

  let key: String
  let title: String
  /// The member of the JSON objects, and the heading for people.
  let columns: [(key: String, heading: String)]
  private(set) var rows: [[Cell]] = []

  init(_ key: String, _ title: String, _ columns: KeyValuePairs<String, String>) {
    self.key = key
    self.title = title
    self.columns = columns.map { ($0.key, $0.value) }
  }

  mutating func append(_ cells: Cell...) {
    precondition(cells.count == columns.count)
    rows.append(cells)
  }

  /// Padded, so that it is a table in a terminal, too.
  var markdown: String {
    let lines = [columns.map(\.heading)] + rows.map { $0.map(\.text) }
    let widths = columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    let texts = lines.map { cells in
      "| "
        + cells.indices.map { column in
          let blanks = String(repeating: " ", count: widths[column] - cells[column].count)
          return isText(column) ? cells[column] + blanks : blanks + cells[column]
        }.joined(separator: " | ") + " |"
    }
    let rule = columns.indices.map { column in
      String(repeating: "-", count: widths[column] + 1) + (isText(column) ? "-" : ":")
    }
    return (["### \(title)", "", texts[0], "|\(rule.joined(separator: "|"))|"] + texts.dropFirst())
      .joined(separator: "\n")
  }

  func write(to writer: inout JSONWriter) {
    writer.key(key)
    writer.array { writer in
      for row in rows {
        writer.object { writer in
          for (column, cell) in zip(columns, row) {
            writer.key(column.key)
            cell.write(to: &writer)
          }
        }
      }
    }
  }

  private func isText(_ column: Int) -> Bool {
    rows.contains { if case .text = $0[column] { true } else { false } }
  }
}

extension BenchTable.Cell {
  fileprivate var text: String {
    switch self {
    case .text(let text), .missing(let text): text
    case .count(let count): Quantity.count(count)
    case .number(let number, let places): number.isFinite ? Self.fixed(number, places) : "-"
    }
  }

  private static func fixed(_ number: Double, _ places: Int) -> String {
    let scaled = (abs(number) * pow(10, Double(places))).rounded()
    guard scaled < 1e15 else { return "\(number)" }
    var digits = String(Int(scaled))
    digits = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    if places > 0 { digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -places)) }
    return (number < 0 ? "−" : "") + digits
  }

  fileprivate func write(to writer: inout JSONWriter) {
    switch self {
    case .text(let text): writer.string(text)
    case .missing: writer.null()
    case .count(let count): writer.number(count)
    case .number(let number, _): writer.number(number)
    }
  }
}

/// A benchmark's tables and the machine that they were measured on.
extension [BenchTable] {
  func text(_ machine: Machine) -> String { ([machine.text] + map(\.markdown)).joined(separator: "\n\n") }

  func json(_ machine: Machine) -> String {
    var writer = JSONWriter(pretty: true)
    writer.object { writer in
      writer.key("machine")
      machine.write(to: &writer)
      for table in self { table.write(to: &writer) }
    }
    return writer.text
  }
}
