public import XRayModel

/// A sampling rule as X-Ray's service keeps it: the requests that it is for, and how many of them are sampled.
public struct CentralizedRule: Hashable, Sendable {
  /// 1 to 32 characters, unique among the rules.
  public var name: String
  /// `nil` where nobody has given one yet, as in a rule that is to be created.
  public var arn: String?
  /// The resources that the rule is for.
  public var resourceARN: WildcardPattern
  /// 1 to 9999, the smallest first; 10000 for the Default rule.
  public var priority: Int
  /// The share of the requests that the reservoir leaves, from 0 to 1.
  public var fixedRate: Double
  /// Requests per second that all clients together sample before ``fixedRate`` counts. 0 or more.
  public var reservoirSize: Int
  /// Matched against the segment's name.
  public var serviceName: WildcardPattern
  /// Matched against the segment's origin.
  public var serviceType: WildcardPattern
  /// Matched against the request's host.
  public var host: WildcardPattern
  public var httpMethod: WildcardPattern
  /// Matched against the path, without the query.
  public var urlPath: WildcardPattern
  /// The version of the rule format: 1 is the only one.
  public var version: Int
  /// Names of segment attributes and patterns for their values, at most 5.
  public var attributes: [String: String]
  /// `nil` when the rate is never raised.
  public var boost: SamplingRateBoost?

  public init(
    name: String, arn: String? = nil, resourceARN: WildcardPattern = .any, priority: Int, fixedRate: Double,
    reservoirSize: Int, serviceName: WildcardPattern = .any, serviceType: WildcardPattern = .any,
    host: WildcardPattern = .any, httpMethod: WildcardPattern = .any, urlPath: WildcardPattern = .any,
    version: Int = 1, attributes: [String: String] = [:], boost: SamplingRateBoost? = nil
  ) {
    self.name = name
    self.arn = arn
    self.resourceARN = resourceARN
    self.priority = priority
    self.fixedRate = fixedRate
    self.reservoirSize = reservoirSize
    self.serviceName = serviceName
    self.serviceType = serviceType
    self.host = host
    self.httpMethod = httpMethod
    self.urlPath = urlPath
    self.version = version
    self.attributes = attributes
    self.boost = boost
  }

  /// The name of the rule that is always there and takes what no other matches.
  public static let defaultName = "Default"

  /// The Default rule before anybody changes it: one request per second, and 5 percent of the others.
  public static let defaultRule = CentralizedRule(
    name: defaultName, priority: 10_000, fixedRate: 0.05, reservoirSize: 1)

  /// Whether this is the rule that is always there.
  public var isDefault: Bool { name == Self.defaultName }

  /// Whether a request's own properties decide if the rule is for it. X-Ray's SDKs pass over the others: those of
  /// another version, for certain resources or with attributes, which a request does not have yet.
  public var isDecidable: Bool { version == 1 && resourceARN.text == "*" && attributes.isEmpty }

  /// Whether the rule is for `request`. Properties that the request does not have match. Resource and attributes
  /// are not looked at.
  public func matches(_ request: SamplingRequest) -> Bool {
    func fits(_ pattern: WildcardPattern, _ text: String?) -> Bool { text.map(pattern.matches) ?? true }
    return isDefault
      || fits(serviceName, request.serviceName) && fits(serviceType, request.serviceType)
        && fits(host, request.host) && fits(httpMethod, request.method) && fits(urlPath, request.path)
  }

  /// The order in which rules are tried: by priority, then by name, the Default rule last.
  public static func isOrdered(_ first: CentralizedRule, before second: CentralizedRule) -> Bool {
    (first.isDefault ? 1 : 0, first.priority, first.name) < (second.isDefault ? 1 : 0, second.priority, second.name)
  }
}

/// How far a rule's rate may be raised for a while when clients meet anomalies.
public struct SamplingRateBoost: Hashable, Sendable {
  /// The highest rate, from 0 to 1.
  public var maxRate: Double
  /// From the beginning of one boost at least so long to that of the next.
  public var cooldownMinutes: Int

  public init(maxRate: Double, cooldownMinutes: Int) {
    self.maxRate = maxRate
    self.cooldownMinutes = cooldownMinutes
  }
}

/// A rule, and when it came to be.
public struct SamplingRuleRecord: Hashable, Sendable {
  public var rule: CentralizedRule
  public var createdAt: Timestamp
  public var modifiedAt: Timestamp

  public init(rule: CentralizedRule, createdAt: Timestamp, modifiedAt: Timestamp) {
    self.rule = rule
    self.createdAt = createdAt
    self.modifiedAt = modifiedAt
  }
}
