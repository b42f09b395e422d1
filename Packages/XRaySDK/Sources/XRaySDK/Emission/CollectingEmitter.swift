import Synchronization
public import XRayModel

/// Keeps the documents in memory, for tests of programs that record.
public final class CollectingEmitter: SegmentEmitter {
  private let collected = Mutex<[[UInt8]]>([])

  public init() {}

  /// In the order in which they were sent.
  public var documents: [[UInt8]] { collected.withLock { $0 } }

  /// The documents that are valid, read.
  public var entities: [Entity] { documents.compactMap { try? Entity(document: $0.span) } }

  public func emit(_ document: [UInt8]) { collected.withLock { $0.append(document) } }
}
