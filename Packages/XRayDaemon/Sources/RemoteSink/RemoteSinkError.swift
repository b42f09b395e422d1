public import XRayHTTP
public import XRayModel

/// Why a whole call to the remote X-Ray API failed.
public struct RemoteSinkError: SegmentSinkFailure, Hashable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    /// Only `http://host[:port][/path]` is supported.
    case badEndpoint
    /// There was no answer.
    case unanswered(HTTPClientError.Reason)
    /// The call was answered with a status other than 200: 429 and 5xx may pass, other 4xx will not.
    case answered(status: Int)
    /// The answer to a call is not a JSON object: not an X-Ray API.
    case malformedAnswer
    /// The call could not be signed, for want of credentials.
    case unsigned
  }

  public var reason: Reason
  public var endpoint: String
  /// The API's own words, or what was wrong with the credentials.
  public var detail: String?
  public var retryAfter: Duration?

  init(_ reason: Reason, endpoint: String, detail: String? = nil, retryAfter: Duration? = nil) {
    self.reason = reason
    self.endpoint = endpoint
    self.detail = detail
    self.retryAfter = retryAfter
  }

  public var kind: SegmentSinkFailureKind {
    switch reason {
    // Throttling passes, whatever status it comes with.
    case .answered(400) where detail?.lowercased().contains("throttl") == true: .status(429)
    case .answered(let status): .status(status)
    case .unanswered(.timedOut): .timeout
    case .unanswered(.refused): .connectionRefused
    case .unanswered(.unknownHost): .unknownHost
    case .unanswered, .badEndpoint, .malformedAnswer, .unsigned: .other
    }
  }

  public var description: String {
    let text =
      switch reason {
      case .badEndpoint: "not an endpoint of the form http://host:port"
      case .unanswered(let reason): reason.rawValue
      case .answered(let status): "answered with status \(status)"
      case .malformedAnswer: "not answered with a JSON object"
      case .unsigned: "cannot be called without credentials"
      }
    return "\(endpoint): \(text)" + (detail.map { ": \($0)" } ?? "")
  }
}
