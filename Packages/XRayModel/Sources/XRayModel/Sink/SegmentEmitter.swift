/// Sends finished documents towards a daemon.
public protocol SegmentEmitter: Sendable {
  /// Hands one document over. Never waits and never fails: what cannot be sent is counted and dropped.
  func emit(_ document: [UInt8])
}
