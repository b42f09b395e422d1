public import Traces

/// One trace of a segment: its summary, and what it adds to service graphs.
public struct SegmentRow: Hashable, Sendable {
  public var summary: TraceSummary
  package var facts: GraphFacts
  /// Whether the trace has links to other traces: only documents tell where they lead.
  public var isLinked: Bool { facts.isLinked }

  /// Sums a trace up.
  public init(of trace: Trace) {
    let digest = trace.digest
    self.init(digest.summary, facts: digest.facts)
  }

  package init(_ summary: TraceSummary, facts: GraphFacts) {
    self.summary = summary
    self.facts = facts
  }
}
