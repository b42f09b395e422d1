public import XRayModel

/// A sink that also answers: traces, summaries, graphs, statistics. Every engine behaves the same way; one
/// suite of tests runs against all of them.
///
/// Reading while another task writes is always possible: an answer holds everything whose `put` had returned.
public protocol TraceStore: SegmentSink {
  /// Compiled traces in the order asked; unknown ids are left out.
  func traces(_ ids: [TraceID]) async throws -> [Trace]

  /// One page of summaries.
  func summaries(_ query: TraceQuery) async throws -> TracePage

  /// The service graph of all traces that began in `range`; `nil` means all.
  func serviceGraph(in range: Range<Timestamp>?) async throws -> ServiceGraph

  /// Every document as it was sent, byte for byte, in the order of arrival, in batches.
  func documents() -> AsyncThrowingStream<DocumentBatch, any Error>

  func statistics() async throws -> StoreStatistics

  /// Forgets the traces whose last document came before `moment`, and gives their space back.
  /// Returns the number of documents forgotten.
  @discardableResult
  func removeTraces(lastSeenBefore moment: Timestamp) async throws -> Int

  /// Writes what is buffered and closes. Nothing may be called afterwards.
  func close() async throws
}

/// Which traces to list.
public struct TraceQuery: Hashable, Sendable {
  /// Traces that began in this range, half-open; `nil` means all.
  public var range: Range<Timestamp>?
  /// Most summaries on a page.
  public var limit: Int
  /// ``TracePage/nextToken`` of the page before. Bound to the rest of the query.
  public var token: String?

  public init(range: Range<Timestamp>? = nil, limit: Int = 100, token: String? = nil) {
    self.range = range
    self.limit = limit
    self.token = token
  }
}

/// Summaries, newest first.
public struct TracePage: Hashable, Sendable {
  public var summaries: [TraceSummary]
  /// Traces that were looked at for this page.
  public var processedCount: Int
  /// Continues after the page's last trace; `nil` on the last page.
  public var nextToken: String?

  public init(summaries: [TraceSummary], processedCount: Int, nextToken: String?) {
    self.summaries = summaries
    self.processedCount = processedCount
    self.nextToken = nextToken
  }
}

/// What a store holds and what it refused.
public struct StoreStatistics: Hashable, Sendable {
  /// Documents held now.
  public var documents: Int
  public var traces: Int
  /// Bytes of the documents as they were sent.
  public var documentBytes: Int
  /// Bytes that the store occupies on disk, everything included.
  public var storedBytes: Int
  /// Documents taken since the store was opened.
  public var received: Int
  /// Documents refused since the store was opened, by X-Ray's error code.
  public var rejected: [String: Int]
  /// What a stricter reader would have refused, by reason, since the store was opened.
  public var tolerated: [String: Int]

  public init(
    documents: Int, traces: Int, documentBytes: Int, storedBytes: Int, received: Int, rejected: [String: Int],
    tolerated: [String: Int]
  ) {
    self.documents = documents
    self.traces = traces
    self.documentBytes = documentBytes
    self.storedBytes = storedBytes
    self.received = received
    self.rejected = rejected
    self.tolerated = tolerated
  }
}
