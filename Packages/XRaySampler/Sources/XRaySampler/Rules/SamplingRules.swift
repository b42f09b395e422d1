/// How much is sampled: the first ``fixedTarget`` requests of each window, then ``rate`` of the others.
public struct SamplingTarget: Hashable, Sendable {
  /// The size of the reservoir: requests per window.
  public var fixedTarget: Int
  /// The share of the remaining requests, from 0 to 1.
  public var rate: Double
  /// Windows begin at multiples of this many seconds since 1970. 1 in every rules file.
  public var windowSeconds: Int

  public init(fixedTarget: Int, rate: Double, windowSeconds: Int = 1) {
    self.fixedTarget = fixedTarget
    self.rate = rate
    self.windowSeconds = windowSeconds
  }
}

/// One local sampling rule: the requests that it is for, and how many of them are sampled.
public struct SamplingRule: Hashable, Sendable {
  public var description: String?
  /// Matched against the request's host. Files of version 1 call it `service_name`.
  public var host: WildcardPattern
  public var method: WildcardPattern
  public var path: WildcardPattern
  public var target: SamplingTarget

  public init(
    description: String? = nil, host: WildcardPattern = .any, method: WildcardPattern = .any,
    path: WildcardPattern = .any, target: SamplingTarget
  ) {
    self.description = description
    self.host = host
    self.method = method
    self.path = path
    self.target = target
  }

  /// Whether the rule is for `request`. Properties that the request does not have match.
  public func matches(_ request: SamplingRequest) -> Bool {
    host.matches(present: request.host) && method.matches(present: request.method)
      && path.matches(present: request.path)
  }
}

extension WildcardPattern {
  fileprivate func matches(present text: String?) -> Bool { text.map(matches) ?? true }
}

/// Local sampling rules: the first rule that matches a request decides, else the fallback.
public struct SamplingRules: Hashable, Sendable {
  public var rules: [SamplingRule]
  /// For requests that no rule matches; `default` in files.
  public var fallback: SamplingTarget

  public init(rules: [SamplingRule] = [], fallback: SamplingTarget) {
    self.rules = rules
    self.fallback = fallback
  }

  /// What every X-Ray SDK does without rules: one request per second, and 5 percent of the others.
  public static let `default` = SamplingRules(fallback: SamplingTarget(fixedTarget: 1, rate: 0.05))

  /// What an early guide to Lambda's active tracing states: one request per minute, and 5 percent of the
  /// others. Newer documents and the SDKs say per second.
  public static let lambdaPerMinute = SamplingRules(
    fallback: SamplingTarget(fixedTarget: 1, rate: 0.05, windowSeconds: 60))
}
