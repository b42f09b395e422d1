public import Traces
import XRayModel

/// Why a trace matched or not: the expression's terms, each with what the trace has.
///
///     ✗ all of
///       ✓ responsetime > 5: 7.25
///       ✗ service("api") { fault }
///         ✗ api (AWS::Lambda)
///           ✗ fault: false
public struct FilterExplanation: Hashable, Sendable {
  /// A term, or how the parts are joined.
  public var term: String
  public var holds: Bool
  /// What the trace has; empty for what has parts.
  public var values: [String] = []
  /// What the term is made of or, for services, edges and root causes, was asked of.
  public var parts: [FilterExplanation] = []

  /// Most values and parts of a term: an explanation is for reading.
  public static let listLimit = 20
}

extension FilterExplanation: CustomStringConvertible {
  public var description: String { lines(indentedBy: "").joined(separator: "\n") }

  private func lines(indentedBy blanks: String) -> [String] {
    let tail = values.isEmpty ? "" : ": " + values.joined(separator: ", ")
    return ["\(blanks)\(holds ? "✓" : "✗") \(term)\(tail)"] + parts.flatMap { $0.lines(indentedBy: blanks + "  ") }
  }
}

extension TraceFilter {
  /// Why a trace matches or not. Evaluates every term, needed or not.
  public func explain(_ trace: Trace) -> FilterExplanation { explain(trace, summary: TraceSummary(of: trace)) }

  /// - Parameter summary: The trace's own.
  public func explain(_ trace: Trace, summary: TraceSummary) -> FilterExplanation {
    guard let root else { return FilterExplanation(term: "every trace", holds: true) }
    return Explainer(summary: summary, entities: TraceEntities(trace)).explain(root)
  }
}
