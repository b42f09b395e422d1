import XRayModel
import XRaySampler

extension XRayService {
  /// What sampling clients call every ten seconds.
  static let samplingOperations = [
    Operation("GetSamplingTargets", "/SamplingTargets") { service, input in
      let statistics = try input.require("SamplingStatisticsDocuments", try input.samplingStatistics())
      let boosts = try input.boostStatistics()
      let targets = service.quotas.targets(
        for: statistics, boosts: boosts, settings: service.settings.current, at: service.clock.now)
      return .object { targets.writeMembers(to: &$0) }
    },
    Operation("GetSamplingStatisticSummaries", "/SamplingStatisticSummaries") { service, input in
      try input.refusePageToken()
      let summaries = service.quotas.summaries(of: service.settings.current, at: service.clock.now)
      return .object { $0.list("SamplingStatisticSummaries", summaries) { $0.write(to: &$1) } }
    },
  ]
}

extension Fields {
  /// Most reports of one call, of either kind. X-Ray: 25.
  private static let reportLimit = 25

  fileprivate func samplingStatistics() throws(APIError) -> [SamplingStatistics]? {
    try reports("SamplingStatisticsDocuments", SamplingStatistics.init(json:)) { report throws(APIError) in
      _ = try report.require("RuleName", try report.text("RuleName", 1...32))
      _ = try report.require("ClientID", try report.text("ClientID", 24...24))
      _ = try report.require("Timestamp", report.value("Timestamp"))
      _ = try report.require("RequestCount", try report.integer("RequestCount", Fields.counts))
      _ = try report.require("SampledCount", try report.integer("SampledCount", Fields.counts))
      _ = try report.integer("BorrowCount", Fields.counts)
    }
  }

  fileprivate func boostStatistics() throws(APIError) -> [SamplingBoostStatistics] {
    let reports = try reports(
      "SamplingBoostStatisticsDocuments", SamplingBoostStatistics.init(json:)
    ) { report throws(APIError) in
      _ = try report.require("RuleName", try report.text("RuleName", 1...32))
      _ = try report.require("ServiceName", try report.text("ServiceName", 0...64))
      _ = try report.require("Timestamp", report.value("Timestamp"))
      for name in ["AnomalyCount", "TotalCount", "SampledAnomalyCount"] {
        _ = try report.require(name, try report.integer(name, Fields.counts))
      }
    }
    return reports ?? []
  }

  /// - Parameters:
  ///   - read: Gives `nil` only when the time is none.
  ///   - check: Says what else is wrong with a report.
  private func reports<Report>(
    _ name: String, _ read: (JSONValue) -> Report?, _ check: (Fields) throws(APIError) -> Void
  ) throws(APIError) -> [Report]? {
    guard let fields = try objects(name, count: 0...Self.reportLimit) else { return nil }
    var reports: [Report] = []
    for (fields, json) in zip(fields, value(name)?.array ?? []) {
      try check(fields)
      guard let report = read(json) else { throw .serialization("\(name): a Timestamp must be a timestamp") }
      reports.append(report)
    }
    return reports
  }
}
