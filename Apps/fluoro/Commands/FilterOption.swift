import ArgumentParser
import TraceFilters

/// Which traces count.
struct FilterOption: ParsableArguments {
  @Option(
    name: .customLong("filter"),
    help: ArgumentHelp(
      "Only traces that match, in X-Ray's language: 'service(\"api\") { fault } AND responsetime > 1'.",
      valueName: "expression"))
  var text: String?

  func validate() throws { _ = try filter() }

  /// The expression, ready to be asked; `nil` without one.
  func filter() throws -> TraceFilter? { try text.map(Self.filter) }

  static func filter(_ text: String) throws -> TraceFilter {
    do {
      return try TraceFilter(try FilterExpression(parsing: text))
    } catch {
      throw ValidationError("the filter expression has an error\n\(error)")
    }
  }
}
