import Logging
import Synchronization
import XRayModel

/// What a recorder made and could not make.
public struct RecorderCounts: Hashable, Sendable {
  /// Documents handed to the emitter.
  public var documents = 0
  /// Subsegments sent apart since their segment did not fit into a datagram.
  public var detached = 0
  /// Entities that lost metadata or more since no datagram could hold them.
  public var truncated = 0
  /// Segments and subsegments that were never ended. They are sent as in progress when nothing refers to them any more.
  public var abandoned = 0
  /// Subsegments that were not recorded for want of a segment.
  public var discarded = 0

  public init(documents: Int = 0, detached: Int = 0, truncated: Int = 0, abandoned: Int = 0, discarded: Int = 0) {
    self.documents = documents
    self.detached = detached
    self.truncated = truncated
    self.abandoned = abandoned
    self.discarded = discarded
  }
}

/// Turns finished entities into documents, hands them to the emitter and counts.
final class DocumentOutput: Sendable {
  let logger: Logger
  private let emitter: any SegmentEmitter
  private let state = Mutex(RecorderCounts())

  init(emitter: any SegmentEmitter, logger: Logger) {
    self.emitter = emitter
    self.logger = logger
  }

  var counts: RecorderCounts { state.withLock { $0 } }

  func count(_ path: WritableKeyPath<RecorderCounts, Int>, _ number: Int = 1) {
    state.withLock { $0[keyPath: path] += number }
  }

  func emit(_ entities: [Entity]) {
    guard !entities.isEmpty else { return }
    var splitter = DocumentSplitter()
    for entity in entities { splitter.add(entity) }
    for document in splitter.documents { emitter.emit(document) }
    state.withLock { counts in
      counts.documents += splitter.documents.count
      counts.detached += splitter.detached
      counts.truncated += splitter.truncated
    }
    if splitter.truncated > 0 {
      logger.warning("\(splitter.truncated) entities were too long for a datagram and lost content")
    }
  }
}
