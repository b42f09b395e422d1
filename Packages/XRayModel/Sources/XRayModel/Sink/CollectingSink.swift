import Synchronization

/// Keeps the documents that it is given in memory, after the same validation as a store: for tests
/// and for looking at what a program sends.
public final class CollectingSink: SegmentSink {
  private let collected = Mutex<(documents: [[UInt8]], rejections: [SegmentRejection])>(([], []))

  public init() {}

  /// The valid documents, in the order in which they came.
  public var documents: [[UInt8]] { collected.withLock { $0.documents } }
  public var rejections: [SegmentRejection] { collected.withLock { $0.rejections } }

  /// The valid documents, read.
  public var entities: [Entity] { documents.compactMap { try? Entity(document: $0.span) } }

  public func put(_ batch: DocumentBatch) async -> [SegmentOutcome] {
    (0..<batch.count).map { index in
      let document = Array(batch[index])
      do throws(SegmentRejection) {
        _ = try SegmentIndex(scanning: document.span)
        collected.withLock { $0.documents.append(document) }
        return .stored
      } catch {
        collected.withLock { $0.rejections.append(error) }
        return .unprocessed(error)
      }
    }
  }
}
