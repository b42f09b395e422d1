public import XRayHTTP
public import XRayModel

/// Sends documents on to an X-Ray API elsewhere, by `PutTraceSegments` over plain HTTP, unsigned.
public struct RemoteSink: SegmentSink {
  /// Documents X-Ray takes in one call.
  public static let documentsPerCall = 50

  private let client: HTTPClient

  /// - Parameters:
  ///   - endpoint: `http://host:port`, as SDKs take it; `/TraceSegments` is appended.
  ///   - deadline: Time for each call; the X-Ray daemon allows 2 seconds.
  public init(endpoint: String, deadline: Duration = .seconds(2)) throws(RemoteSinkError) {
    guard let parsed = HTTPEndpoint(endpoint) else { throw RemoteSinkError(.badEndpoint, endpoint: endpoint) }
    self.init(client: HTTPClient(endpoint: parsed, deadline: deadline, bodyLimit: 1 << 20))
  }

  /// Sends through a client that the caller made and closes.
  public init(client: HTTPClient) { self.client = client }

  /// Puts `batch`, 50 documents a call, one call after the other.
  ///
  /// Throws ``RemoteSinkError`` when a call is answered with anything but 200, and `HTTPClientError` when it is not
  /// answered. Calls before the failed one may have been stored: putting them again stores nothing twice.
  public func put(_ batch: DocumentBatch) async throws -> [SegmentOutcome] {
    var outcomes: [SegmentOutcome] = []
    outcomes.reserveCapacity(batch.count)
    for start in stride(from: 0, to: batch.count, by: Self.documentsPerCall) {
      let documents = (start..<min(start + Self.documentsPerCall, batch.count)).map { batch[$0] }
      outcomes += try await put(documents)
    }
    return outcomes
  }

  private func put(_ documents: [ArraySlice<UInt8>]) async throws -> [SegmentOutcome] {
    let response = try await client.execute(
      HTTPRequest(
        .POST, path: "/TraceSegments", headers: ["Content-Type": "application/json"], body: Self.body(documents)))
    let endpoint = client.endpoint.description
    guard response.status == 200 else {
      throw RemoteSinkError(.answered(status: response.status), endpoint: endpoint, detail: response.errorDetail)
    }
    guard let answer = try? JSONValue(parsing: response.body.span), answer.object != nil else {
      throw RemoteSinkError(.malformedAnswer, endpoint: endpoint)
    }
    let entries = answer["UnprocessedTraceSegments"]?.array ?? []
    return UnprocessedSegments(entries).outcomes(of: documents)
  }

  /// Documents travel as JSON strings, in which invalid UTF-8 becomes U+FFFD.
  static func body(_ documents: [ArraySlice<UInt8>]) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.key("TraceSegmentDocuments")
      writer.array { writer in
        for document in documents { writer.string(String(decoding: document, as: UTF8.self)) }
      }
    }
    return writer.bytes
  }

  /// Closes the connections.
  public func close() async { await client.close() }
}

extension HTTPResponse {
  /// What a failed call says about itself: the error's type and message, as far as they can be read.
  fileprivate var errorDetail: String? {
    let type = headers.first(name: "x-amzn-ErrorType").map { String($0.prefix { $0 != ":" }) }
    let answer = try? JSONValue(parsing: body.span)
    let message = (answer?["Message"] ?? answer?["message"])?.string
    let parts = [type, message].compactMap { $0.map { String($0.prefix(200)) } }
    return parts.isEmpty ? nil : parts.joined(separator: ": ")
  }
}
