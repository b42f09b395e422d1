import XRayModel

extension JSONWriter {
  /// Counts by name, in the order of names.
  mutating func member(_ key: String, counts: [String: Int]) {
    self.key(key)
    object { writer in for (name, count) in counts.sorted(by: { $0.key < $1.key }) { writer.member(name, count) } }
  }
}
