/// Why a whole call to the remote X-Ray API failed.
public struct RemoteSinkError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    /// Only `http://host[:port][/path]` is supported.
    case badEndpoint
    /// The call was answered with a status other than 200: 429 and 5xx may pass, other 4xx will not.
    case answered(status: Int)
    /// The answer to a call is not a JSON object: not an X-Ray API.
    case malformedAnswer
  }

  public var reason: Reason
  public var endpoint: String
  /// The API's own words.
  public var detail: String?

  init(_ reason: Reason, endpoint: String, detail: String? = nil) {
    self.reason = reason
    self.endpoint = endpoint
    self.detail = detail
  }

  public var description: String {
    let text =
      switch reason {
      case .badEndpoint: "not an endpoint of the form http://host:port"
      case .answered(let status): "PutTraceSegments was answered with status \(status)"
      case .malformedAnswer: "PutTraceSegments was not answered with a JSON object"
      }
    return "\(endpoint): \(text)" + (detail.map { ": \($0)" } ?? "")
  }
}
