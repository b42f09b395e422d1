import XRayModel

extension Entity {
  /// Whether this version of an entity takes the place of `other`, a version with the same id that came before.
  ///
  /// Of two versions in progress the one that tells more stays, whichever came first: a trace must not depend on
  /// the order in which datagrams arrive.
  func takesPlace(of other: Entity) -> Bool {
    guard isInProgress, other.isInProgress else { return supersedes(other) }
    if self == other { return false }
    let mine = document
    let theirs = other.document
    return mine.count == theirs.count ? theirs.lexicographicallyPrecedes(mine) : mine.count > theirs.count
  }
}
