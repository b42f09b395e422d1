import Testing
import TraceFilters
import Traces
import XRayModel

@Suite struct `Whatever somebody types` {
  private static let pieces = [
    "ok", "fault", "error = true", "throttle", "partial", "inferred", "root", "responsetime", "duration", "> 5",
    "<= -0.5",
    "= 1e300", "!=", "=", "http.status", "http.url", "CONTAINS", "\"\"", "\"a\\\"b\"", "\"\\\\\"", "user", "name", "x",
    "AND", "OR", "NOT", "!", "(", ")", "{", "}", "service", "service(", "service() {", "id(", "name:", "type:",
    "account.id:", "\"x\"", ",", "edge(\"a\", \"b\") {", "annotation.a", "annotation[b.c]", "annotation[\"d e\"]",
    "source.annotation.a", "true", "false", "group.name = \"g\"", "rootcause.fault.service {", "last", "index",
    "coverage",
    "rootcause.responsetime.entity {", "rootcause.json = #[{\"Services\":[{\"Name\":\"A\"}]}]", "#[", "]", "é",
    "\u{301}",
    "\u{0}", "\n", "'", ":", "1", "1e", "-",
  ]
  private static let seeds = `A filter expression`.examples.map(\.0)

  private static func text(_ random: inout RandomSource) -> String {
    switch Int.random(in: 0..<3, using: &random) {
    case 0: joined(&random)
    case 1: mutated(&random)
    default:
      (0..<Int.random(in: 1...6, using: &random))
        .map { _ in pieces.randomElement(using: &random) ?? "" }.joined(separator: " ")
    }
  }

  /// Expressions of the guide put together.
  private static func joined(_ random: inout RandomSource) -> String {
    var text = ""
    for _ in 0..<Int.random(in: 1...2, using: &random) {
      let part = seeds.randomElement(using: &random) ?? ""
      let signs = [("", ""), ("", ""), ("(", ")"), ("!(", ")"), ("NOT ", "")].randomElement(using: &random) ?? ("", "")
      text += text.isEmpty ? "" : [" AND ", " or ", " "].randomElement(using: &random) ?? ""
      text = Bool.random(using: &random) ? "(\(text)ok)" + part : text + signs.0 + part + signs.1
    }
    return text
  }

  /// An expression of the guide with some characters changed.
  private static func mutated(_ random: inout RandomSource) -> String {
    var scalars = Array((seeds.randomElement(using: &random) ?? "").unicodeScalars)
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let place = Int.random(in: 0...scalars.count, using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0: scalars.insert(contentsOf: (pieces.randomElement(using: &random) ?? "").unicodeScalars, at: place)
      case 1 where place < scalars.count: scalars.remove(at: place)
      default: scalars.removeSubrange(place..<min(scalars.count, place + 4))
      }
    }
    return String(String.UnicodeScalarView(scalars))
  }

  @Test(arguments: 1...4)
  func `is refused with a place, or comes back from its canonical form`(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    var valid = 0
    for _ in 0..<25_000 {
      let text = Self.text(&random)
      do throws(FilterError) {
        let expression = try FilterExpression(parsing: text)
        let canonical = expression.description
        let again = try FilterExpression(parsing: canonical)
        if again != expression { Issue.record("\(text) became \(canonical)") }
        valid += 1
      } catch {
        let isInside = error.column >= 1 && error.column <= text.count + 1
        if !isInside || error.expected.isEmpty { Issue.record("\(text): column \(error.column), \(error.reason)") }
      }
    }
    // Both ways out are well travelled.
    #expect(valid > 5_000 && valid < 20_000)
  }

  @Test func `can be evaluated, explained and completed`() throws {
    var random = RandomSource(seed: 7)
    let summary = TraceSummary(of: failedOrder)
    var decided = 0
    for _ in 0..<2_000 {
      let text = Self.text(&random)
      let column = Int.random(in: 0...text.count + 2, using: &random)
      _ = FilterExpression.completions(in: text, at: column, annotationKeys: ["a.b"], serviceNames: ["x"])
      guard let expression = try? FilterExpression(parsing: text) else { continue }
      let filter = try TraceFilter(expression) { _ in .all }
      let matches = filter.matches(failedOrder, summary: summary)
      #expect(filter.explain(failedOrder, summary: summary).holds == matches, "\(text)")
      if let verdict = filter.verdict(on: summary) {
        #expect(verdict == matches, "\(text)")
        decided += 1
      } else {
        #expect(!filter.needs.isDisjoint(with: [.documents, .edges]), "\(text)")
      }
    }
    #expect(decided > 300)
  }
}
