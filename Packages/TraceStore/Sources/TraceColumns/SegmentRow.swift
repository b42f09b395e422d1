public import Traces

/// One trace of a segment: its summary, and what it adds to service graphs.
public struct SegmentRow: Hashable, Sendable {
  public var summary: TraceSummary
  package var facts: GraphFacts

  public init(of trace: Trace) { self.init(TraceSummary(of: trace), facts: GraphFacts(of: trace)) }

  package init(_ summary: TraceSummary, facts: GraphFacts) {
    self.summary = summary
    self.facts = facts
  }
}
