public import XRayModel

extension Trace {
  /// Compiles a trace from its documents, whatever their order.
  ///
  /// Subsegments that were sent on their own are put into their parents, versions of one entity become one, and
  /// calls that no segment answers get an inferred segment. A subsegment whose parent has not come, is part of a
  /// circle of parents, or lies ``depthLimit`` levels deep stays on the top level: nothing is lost.
  public init(id: TraceID, compiling documents: some Sequence<Entity>) {
    var compiler = TraceCompiler(id: id)
    for document in documents { compiler.add(document) }
    self = compiler.compile()
  }

  /// Most levels of subsegments in a segment. The compiled segment is JSON that any reader of segment
  /// documents can take, metadata included: readers bound their nesting.
  public static let depthLimit = 60
}
