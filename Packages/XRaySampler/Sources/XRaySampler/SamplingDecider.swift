/// Decides which requests are traced, where no service upstream has decided already.
public protocol SamplingDecider: Sendable {
  /// Decides on one request. Called once for each request, on its path: it must neither wait nor fail.
  func decide(_ request: SamplingRequest) -> SamplingDecision
}

/// What is known of a request when the decision is due. A property that is `nil` matches every rule.
public struct SamplingRequest: Hashable, Sendable {
  /// The `Host` header.
  public var host: String?
  public var method: String?
  /// The path of the URL, without the query.
  public var path: String?
  /// The name that the segment will have.
  public var serviceName: String?
  /// The kind of resource that serves the request, as in a segment's `origin`: `AWS::Lambda::Function`.
  public var serviceType: String?

  public init(
    host: String? = nil, method: String? = nil, path: String? = nil, serviceName: String? = nil,
    serviceType: String? = nil
  ) {
    self.host = host
    self.method = method
    self.path = path
    self.serviceName = serviceName
    self.serviceType = serviceType
  }
}

/// The answer to a ``SamplingRequest``.
public struct SamplingDecision: Hashable, Sendable {
  public var isSampled: Bool
  /// The centralized rule that decided, which segments carry as `aws.xray.rule_name`. `nil` for
  /// local rules, which have no names.
  public var ruleName: String?

  public init(isSampled: Bool, ruleName: String? = nil) {
    self.isSampled = isSampled
    self.ruleName = ruleName
  }
}

/// Gives every request the same answer.
public struct FixedSampler: SamplingDecider, Hashable {
  public static let always = FixedSampler(isSampled: true)
  public static let never = FixedSampler(isSampled: false)

  private let isSampled: Bool

  public func decide(_ request: SamplingRequest) -> SamplingDecision { SamplingDecision(isSampled: isSampled) }
}
