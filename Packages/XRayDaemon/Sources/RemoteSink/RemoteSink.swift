import XRayHTTP
public import XRayModel

/// Sends documents on to an X-Ray API elsewhere, by `PutTraceSegments`.
public struct RemoteSink: SegmentSink {
  /// Documents X-Ray takes in one call.
  public static let documentsPerCall = 50

  private let api: XRayAPI

  /// Over plain HTTP and unsigned, for an API that asks for neither.
  ///
  /// - Parameters:
  ///   - endpoint: `http://host:port`, as SDKs take it; `/TraceSegments` is appended.
  ///   - deadline: Time for each call; the X-Ray daemon allows 2 seconds.
  public init(endpoint: String, deadline: Duration = .seconds(2)) throws(RemoteSinkError) {
    guard let parsed = HTTPEndpoint(endpoint) else {
      throw RemoteSinkError(.badEndpoint, endpoint: endpoint)
    }
    self.init(api: XRayAPI(client: HTTPClient(endpoint: parsed, deadline: deadline, bodyLimit: 1 << 20)))
  }

  public init(api: XRayAPI) { self.api = api }

  /// Puts `batch`, 50 documents a call, one call after the other.
  ///
  /// Throws ``RemoteSinkError`` when a call is answered with anything but 200, or not at all. Calls before the failed
  /// one may have been stored: putting them again stores nothing twice.
  public func put(_ batch: DocumentBatch) async throws -> [SegmentOutcome] {
    var outcomes: [SegmentOutcome] = []
    outcomes.reserveCapacity(batch.count)
    for start in stride(from: 0, to: batch.count, by: Self.documentsPerCall) {
      let range = start..<min(start + Self.documentsPerCall, batch.count)
      let answer = try await api.call("/TraceSegments", PutTraceSegmentsBody.bytes(of: batch, range))
      let entries = answer["UnprocessedTraceSegments"]?.array ?? []
      outcomes += UnprocessedSegments(entries).outcomes(of: range.lazy.map { batch[$0] })
    }
    return outcomes
  }

  /// Closes the connections.
  public func close() async { await api.client.close() }
}
