public import XRayModel

/// What one client did under one rule since it last reported: X-Ray's `SamplingStatisticsDocument`.
public struct SamplingStatistics: Hashable, Sendable {
  public var ruleName: String
  /// 24 hexadecimal digits, one id for each process.
  public var clientID: String
  public var timestamp: Timestamp
  /// Requests that the rule matched.
  public var requestCount: Int
  /// Those of them that were sampled, for whatever reason.
  public var sampledCount: Int
  /// Those that were sampled without a quota, one per second.
  public var borrowCount: Int

  public init(
    ruleName: String, clientID: String, timestamp: Timestamp, requestCount: Int, sampledCount: Int,
    borrowCount: Int = 0
  ) {
    self.ruleName = ruleName
    self.clientID = clientID
    self.timestamp = timestamp
    self.requestCount = requestCount
    self.sampledCount = sampledCount
    self.borrowCount = borrowCount
  }

  /// `nil` when a member is missing, null or negative; only `BorrowCount` may be absent.
  public init?(json: JSONValue) {
    guard let ruleName = json["RuleName"]?.string, let clientID = json["ClientID"]?.string,
      let timestamp = json["Timestamp"].flatMap({ Timestamp(samplingTime: $0) }),
      let requestCount = json.count("RequestCount"), let sampledCount = json.count("SampledCount")
    else { return nil }
    self.init(
      ruleName: ruleName, clientID: clientID, timestamp: timestamp, requestCount: requestCount,
      sampledCount: sampledCount, borrowCount: json.count("BorrowCount") ?? 0)
  }

  /// Writes X-Ray's `SamplingStatisticsDocument`.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("RuleName", ruleName)
      writer.member("ClientID", clientID)
      writer.member("Timestamp", timestamp)
      writer.member("RequestCount", requestCount)
      writer.member("SampledCount", sampledCount)
      writer.member("BorrowCount", borrowCount)
    }
  }
}

/// The anomalies that clients of a service met under one rule: X-Ray's `SamplingBoostStatisticsDocument`.
public struct SamplingBoostStatistics: Hashable, Sendable {
  public var ruleName: String
  public var serviceName: String
  public var timestamp: Timestamp
  /// Requests that were anomalies.
  public var anomalyCount: Int
  /// All requests.
  public var totalCount: Int
  /// Anomalies that were sampled.
  public var sampledAnomalyCount: Int

  public init(
    ruleName: String, serviceName: String, timestamp: Timestamp, anomalyCount: Int, totalCount: Int,
    sampledAnomalyCount: Int
  ) {
    self.ruleName = ruleName
    self.serviceName = serviceName
    self.timestamp = timestamp
    self.anomalyCount = anomalyCount
    self.totalCount = totalCount
    self.sampledAnomalyCount = sampledAnomalyCount
  }

  /// `nil` when a member is missing, null or negative.
  public init?(json: JSONValue) {
    guard let ruleName = json["RuleName"]?.string, let serviceName = json["ServiceName"]?.string,
      let timestamp = json["Timestamp"].flatMap({ Timestamp(samplingTime: $0) }),
      let anomalyCount = json.count("AnomalyCount"), let totalCount = json.count("TotalCount"),
      let sampledAnomalyCount = json.count("SampledAnomalyCount")
    else { return nil }
    self.init(
      ruleName: ruleName, serviceName: serviceName, timestamp: timestamp, anomalyCount: anomalyCount,
      totalCount: totalCount, sampledAnomalyCount: sampledAnomalyCount)
  }

  /// Writes X-Ray's `SamplingBoostStatisticsDocument`.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("RuleName", ruleName)
      writer.member("ServiceName", serviceName)
      writer.member("Timestamp", timestamp)
      writer.member("AnomalyCount", anomalyCount)
      writer.member("TotalCount", totalCount)
      writer.member("SampledAnomalyCount", sampledAnomalyCount)
    }
  }
}

/// What all clients did under one rule in ten seconds: X-Ray's `SamplingStatisticSummary`.
public struct SamplingStatisticSummary: Hashable, Sendable {
  public var ruleName: String
  /// When the ten seconds began.
  public var timestamp: Timestamp
  public var requestCount: Int
  public var borrowCount: Int
  public var sampledCount: Int

  public init(ruleName: String, timestamp: Timestamp, requestCount: Int, borrowCount: Int, sampledCount: Int) {
    self.ruleName = ruleName
    self.timestamp = timestamp
    self.requestCount = requestCount
    self.borrowCount = borrowCount
    self.sampledCount = sampledCount
  }

  /// `nil` when a member is missing, null or negative.
  public init?(json: JSONValue) {
    guard let ruleName = json["RuleName"]?.string,
      let timestamp = json["Timestamp"].flatMap({ Timestamp(samplingTime: $0) }),
      let requestCount = json.count("RequestCount"), let borrowCount = json.count("BorrowCount"),
      let sampledCount = json.count("SampledCount")
    else { return nil }
    self.init(
      ruleName: ruleName, timestamp: timestamp, requestCount: requestCount, borrowCount: borrowCount,
      sampledCount: sampledCount)
  }

  /// Writes X-Ray's `SamplingStatisticSummary`.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("RuleName", ruleName)
      writer.member("Timestamp", timestamp)
      // Sums of what many clients count; others read 32 bits.
      writer.member("RequestCount", min(requestCount, Int(Int32.max)))
      writer.member("BorrowCount", min(borrowCount, Int(Int32.max)))
      writer.member("SampledCount", min(sampledCount, Int(Int32.max)))
    }
  }
}

extension JSONValue {
  /// A member that is a whole number of 0 or more.
  func count(_ key: String) -> Int? {
    guard let count = self[key]?.number?.integer, count >= 0 else { return nil }
    return count
  }
}
