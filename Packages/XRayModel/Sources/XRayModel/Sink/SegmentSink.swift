/// Takes batches of segment documents: a store, the X-Ray API of another machine, a collector in a test.
public protocol SegmentSink: Sendable {
  /// Takes the documents of `batch` and answers for each, in order, what became of it.
  ///
  /// Returns when what was stored is as durable as the sink makes it. Throws when the sink as a whole
  /// failed, in which case none of the batch counts as stored and the caller may send it again:
  /// putting a document twice stores it once.
  func put(_ batch: DocumentBatch) async throws -> [SegmentOutcome]
}

/// What became of one document.
public enum SegmentOutcome: Hashable, Sendable {
  case stored
  case unprocessed(SegmentRejection)
}
