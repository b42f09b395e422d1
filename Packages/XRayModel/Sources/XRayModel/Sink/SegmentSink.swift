/// Whatever takes batches of segment documents: a store, the X-Ray API elsewhere, a collector in a test.
public protocol SegmentSink: Sendable {
  /// Takes the documents of `batch` and answers for each, in order, what became of it.
  ///
  /// Returns when what was stored is as durable as the sink makes it. Throws when the sink as a whole
  /// failed, in which case none of the batch counts as stored and the caller may send it again:
  /// putting a document twice stores it once. An error that is a ``SegmentSinkFailure`` says whether that may help.
  func put(_ batch: DocumentBatch) async throws -> [SegmentOutcome]
}

/// What became of one document.
public enum SegmentOutcome: Hashable, Sendable {
  case stored
  case unprocessed(SegmentRejection)
  /// Not taken for a reason that lies not in the document, such as too many of them: it may be put again.
  case deferred(code: String, message: String)
}

/// What an error of a sink tells those who deliver to it.
public protocol SegmentSinkFailure: Error {
  var kind: SegmentSinkFailureKind { get }
  /// How long the sink asks not to be called.
  var retryAfter: Duration? { get }
}

/// How a call to a sink failed.
public enum SegmentSinkFailureKind: Hashable, Sendable {
  case timeout
  case connectionRefused
  case unknownHost
  /// Answered with this HTTP status.
  case status(Int)
  case other

  /// Whether the same call may succeed later: anything but an answer that finds fault with the call itself.
  public var isTransient: Bool {
    switch self {
    case .timeout, .connectionRefused, .unknownHost, .other: true
    case .status(let status): status >= 500 || status == 429 || status == 408
    }
  }
}
