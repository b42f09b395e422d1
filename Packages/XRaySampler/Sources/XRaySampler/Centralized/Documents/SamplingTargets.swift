public import XRayModel

/// A raised rate, and until when it holds.
public struct SamplingBoost: Hashable, Sendable {
  /// Stands for the rule's own rate, from 0 to 1.
  public var rate: Double
  public var expiry: Timestamp

  public init(rate: Double, expiry: Timestamp) {
    self.rate = rate
    self.expiry = expiry
  }
}

/// How much one client samples under one rule: X-Ray's `SamplingTargetDocument`.
public struct SamplingTargetDocument: Hashable, Sendable {
  public var ruleName: String
  /// Takes the place of the rule's rate, from 0 to 1.
  public var fixedRate: Double
  /// The client's part of the reservoir in requests per second; `nil` leaves the client's quota as it is.
  public var reservoirQuota: Int?
  /// Until when the quota may be used.
  public var reservoirQuotaTTL: Timestamp?
  /// Seconds from one report to the next.
  public var interval: Int?
  public var boost: SamplingBoost?

  public init(
    ruleName: String, fixedRate: Double, reservoirQuota: Int? = nil, reservoirQuotaTTL: Timestamp? = nil,
    interval: Int? = nil, boost: SamplingBoost? = nil
  ) {
    self.ruleName = ruleName
    self.fixedRate = fixedRate
    self.reservoirQuota = reservoirQuota
    self.reservoirQuotaTTL = reservoirQuotaTTL
    self.interval = interval
    self.boost = boost
  }

  /// `nil` without a name or with a rate outside 0 to 1; other odd members count as absent.
  public init?(json: JSONValue) {
    guard let ruleName = json["RuleName"]?.string, let fixedRate = json["FixedRate"]?.number?.double,
      (0...1).contains(fixedRate)
    else { return nil }
    self.init(
      ruleName: ruleName, fixedRate: fixedRate, reservoirQuota: json.count("ReservoirQuota"),
      reservoirQuotaTTL: json["ReservoirQuotaTTL"].flatMap { Timestamp(samplingTime: $0) },
      interval: json.count("Interval"), boost: json["SamplingBoost"].flatMap(SamplingBoost.init(json:)))
  }

  /// Writes X-Ray's `SamplingTargetDocument`.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("RuleName", ruleName)
      writer.member("FixedRate", fixedRate)
      if let reservoirQuota { writer.member("ReservoirQuota", reservoirQuota) }
      if let reservoirQuotaTTL { writer.member("ReservoirQuotaTTL", reservoirQuotaTTL) }
      if let interval { writer.member("Interval", interval) }
      guard let boost else { return }
      writer.key("SamplingBoost")
      boost.write(to: &writer)
    }
  }
}

extension SamplingBoost {
  /// `nil` without a rate from 0 to 1 and a time.
  public init?(json: JSONValue) {
    guard let rate = json["BoostRate"]?.number?.double, (0...1).contains(rate),
      let expiry = json["BoostRateTTL"].flatMap({ Timestamp(samplingTime: $0) })
    else { return nil }
    self.init(rate: rate, expiry: expiry)
  }

  /// Writes X-Ray's `SamplingBoost`.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("BoostRate", rate)
      writer.member("BoostRateTTL", expiry)
    }
  }
}

/// A report that was not taken in, and why.
public struct UnprocessedStatistics: Hashable, Sendable {
  public var ruleName: String
  /// An HTTP status: `400` and the like for the client's fault, `500` and the like for the service's.
  public var errorCode: String
  public var message: String

  public init(ruleName: String, errorCode: String, message: String) {
    self.ruleName = ruleName
    self.errorCode = errorCode
    self.message = message
  }

  /// Absent members are empty. `nil` for what is not an object.
  public init?(json: JSONValue) {
    guard let object = json.object else { return nil }
    self.init(
      ruleName: object["RuleName"]?.string ?? "", errorCode: object["ErrorCode"]?.string ?? "",
      message: object["Message"]?.string ?? "")
  }

  /// Writes X-Ray's `UnprocessedStatistics`.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("RuleName", ruleName)
      writer.member("ErrorCode", errorCode)
      writer.member("Message", message)
    }
  }
}

/// The answer to a client's reports: X-Ray's result of `GetSamplingTargets`.
public struct SamplingTargets: Hashable, Sendable {
  public var documents: [SamplingTargetDocument]
  /// When a rule was last made, changed or deleted: a client whose rules are older fetches them again.
  public var lastRuleModification: Timestamp?
  public var unprocessed: [UnprocessedStatistics]
  public var unprocessedBoost: [UnprocessedStatistics]

  public init(
    documents: [SamplingTargetDocument] = [], lastRuleModification: Timestamp? = nil,
    unprocessed: [UnprocessedStatistics] = [], unprocessedBoost: [UnprocessedStatistics] = []
  ) {
    self.documents = documents
    self.lastRuleModification = lastRuleModification
    self.unprocessed = unprocessed
    self.unprocessedBoost = unprocessedBoost
  }

  /// Leaves out elements that cannot be read. `nil` for what is not an object.
  public init?(json: JSONValue) {
    guard let object = json.object else { return nil }
    func list<Element>(_ key: String, _ read: (JSONValue) -> Element?) -> [Element] {
      (object[key]?.array ?? []).compactMap(read)
    }
    self.init(
      documents: list("SamplingTargetDocuments", SamplingTargetDocument.init(json:)),
      lastRuleModification: object["LastRuleModification"].flatMap { Timestamp(samplingTime: $0) },
      unprocessed: list("UnprocessedStatistics", UnprocessedStatistics.init(json:)),
      unprocessedBoost: list("UnprocessedBoostStatistics", UnprocessedStatistics.init(json:)))
  }

  /// Writes the answer as an object of its own.
  public func write(to writer: inout JSONWriter) {
    writer.object { writeMembers(to: &$0) }
  }

  /// Writes the answer's members into an object that has been begun.
  public func writeMembers(to writer: inout JSONWriter) {
    func list(_ key: String, _ elements: (inout JSONWriter) -> Void) {
      writer.key(key)
      writer.array(elements)
    }
    list("SamplingTargetDocuments") { for document in documents { document.write(to: &$0) } }
    if let lastRuleModification { writer.member("LastRuleModification", lastRuleModification) }
    list("UnprocessedStatistics") { for report in unprocessed { report.write(to: &$0) } }
    list("UnprocessedBoostStatistics") { for report in unprocessedBoost { report.write(to: &$0) } }
  }
}
