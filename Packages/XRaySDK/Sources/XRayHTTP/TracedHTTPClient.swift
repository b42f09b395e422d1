import NIOHTTP1
import XRayModel
public import XRaySDK

/// An HTTP client whose requests are recorded as subsegments of namespace `remote` and carry the tracing header,
/// so that the called service continues the trace.
public struct TracedHTTPClient: Sendable {
  public let client: HTTPClient
  private let recorder: XRayRecorder

  public init(_ client: HTTPClient, recorder: XRayRecorder) {
    self.client = client
    self.recorder = recorder
  }

  /// Sends a request in a subsegment of the current entity. A tracing header that the request has already stays.
  ///
  /// The subsegment is named after the endpoint's host and gets the response's status with the flags that it
  /// stands for. Throws `HTTPClientError`, which is recorded, and `ContextMissingError` as the recorder does.
  public func execute(
    _ request: HTTPRequest, file: String = #fileID, line: Int = #line, function: String = #function
  ) async throws -> HTTPResponse {
    try await recorder.withRemoteCall(
      url: client.endpoint.description + request.path, method: request.method.rawValue,
      file: file, line: line, function: function
    ) { subsegment in
      var request = request
      if let header = subsegment.header, !request.headers.contains(name: TraceHeader.httpName) {
        request.headers.add(name: TraceHeader.httpName, value: header.description)
      }
      let response = try await client.execute(request)
      let length = response.headers.first(name: "Content-Length").flatMap { Int($0) }
      subsegment.setResponse(status: response.status, contentLength: length ?? response.body.count)
      return response
    }
  }
}
