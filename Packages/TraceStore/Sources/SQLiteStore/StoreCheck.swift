public import XRayModel

/// What a walk through a whole store found.
public struct StoreCheck: Hashable, Sendable {
  /// Sealed blocks looked at.
  public var blocks = 0
  /// Documents that can be read.
  public var documents = 0
  /// Traces that can be read whole.
  public var traces = 0
  /// Everything that is not as it was written, with its place.
  public var damage: [StoreError] = []
  /// Traces that cannot be read whole, by block, then by id.
  public var damagedTraces: [TraceID] = []

  public var isIntact: Bool { damage.isEmpty && damagedTraces.isEmpty }
}
