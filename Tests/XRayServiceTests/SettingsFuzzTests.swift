import Testing
import XRayModel

@testable import XRayService

/// Requests with members of all kinds, right and wrong, the same for the same seed.
private struct RequestMaker {
  let random: RandomSource

  private static let names = [
    "GroupName", "GroupARN", "FilterExpression", "InsightsConfiguration", "InsightsEnabled", "NotificationsEnabled",
    "Tags", "Key", "Value", "TagKeys", "SamplingRule", "SamplingRuleUpdate", "RuleName", "RuleARN", "ResourceARN",
    "Priority", "FixedRate", "ReservoirSize", "ServiceName", "ServiceType", "Host", "HTTPMethod", "URLPath", "Version",
    "Attributes", "SamplingRateBoost", "MaxRate", "CooldownWindowMinutes", "PolicyName", "PolicyDocument",
    "PolicyRevisionId", "BypassPolicyLockoutCheck", "Type", "KeyId", "Name", "Rule", "Probabilistic",
    "DesiredSamplingPercentage", "Destination", "CloudWatchLogsConfiguration", "SpansLogGroupKmsKeyId",
    "TelemetryRecords", "Timestamp", "SegmentsSentCount", "BackendConnectionErrors", "SamplingStatisticsDocuments",
    "SamplingBoostStatisticsDocuments", "ClientID", "RequestCount", "SampledCount", "BorrowCount", "AnomalyCount",
    "TotalCount", "SampledAnomalyCount", "NextToken", "Unknown", "",
  ]

  private static let values: [JSONValue] = [
    .null, true, false, 0, 1, -1, 0.5, 100, 9999, 10_000, 1_795_262_400, 1_795_262_400_000, 1e308, -1e308,
    .number(JSONNumber(Int.max)), .number(JSONNumber(Int.min)), .number(JSONNumber(UInt64.max)), "", "a", "*",
    "Default",
    "fault", "group.name = \"a\"", "service(", "KMS", "NONE", "alias/a", "XRay", "CloudWatchLogs", "1", "0",
    "2026-11-21T12:00:00Z", "aws:a", "'; DROP TABLE groups; --", "<script>", "\u{0}", "日本語", "../../etc/passwd",
    "arn:aws:xray:us-east-1:000000000000:group/Default", "arn:aws:xray:us-east-1:000000000000:sampling-rule/Default",
    "000000000000000000000001", .text(33), .text(129), .text(6000), [], [:],
    "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\"}}",
  ]

  private func pick<Element>(_ elements: [Element]) -> Element { elements[Int(random.next() % UInt64(elements.count))] }

  private func value(_ depth: Int) -> JSONValue {
    switch random.next() % 8 {
    case 0 where depth < 4: object(depth + 1)
    case 1 where depth < 4: .array((0..<Int(random.next() % 30)).map { _ in value(depth + 1) })
    default: pick(Self.values)
    }
  }

  private func object(_ depth: Int) -> JSONValue {
    .object(
      JSONObject((0..<Int(random.next() % 12)).map { _ in .init(key: pick(Self.names), value: value(depth)) }))
  }

  /// A good request with some of its members changed, taken out or put beside others.
  func request(like good: JSONValue) -> JSONValue {
    var object = good.object ?? [:]
    for member in object.members where random.next() % 4 == 0 {
      switch random.next() % 3 {
      case 0: object[member.key] = JSONValue?.none
      case 1: object[member.key] = value(1)
      default: object[member.key] = member.value.object == nil ? value(1) : request(like: member.value)
      }
    }
    if random.next() % 4 == 0 { object[pick(Self.names)] = value(1) }
    return .object(object)
  }
}

@Suite struct `Odd settings requests` {
  static let rule: JSONValue = [
    "RuleName": "a", "ResourceARN": "*", "Priority": 1, "FixedRate": 0, "ReservoirSize": 0, "ServiceName": "*",
    "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1, "Attributes": ["a": "b"],
    "SamplingRateBoost": ["MaxRate": 1, "CooldownWindowMinutes": 1],
  ]
  static let arn: JSONValue = "arn:aws:xray:us-east-1:000000000000:group/Default"
  static let tags: JSONValue = [["Key": "a", "Value": "b"]]

  static let policy: JSONValue = """
    {"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"xray:*"}}
    """

  static let requests: [(String, JSONValue)] = [
    (
      "/CreateGroup",
      [
        "GroupName": "a", "FilterExpression": "fault", "Tags": tags,
        "InsightsConfiguration": ["InsightsEnabled": true, "NotificationsEnabled": true],
      ]
    ),
    ("/UpdateGroup", ["GroupName": "a", "FilterExpression": "error"]), ("/DeleteGroup", ["GroupName": "a"]),
    ("/GetGroup", ["GroupARN": arn]), ("/Groups", ["NextToken": ""]),
    ("/CreateSamplingRule", ["SamplingRule": rule, "Tags": tags]),
    ("/UpdateSamplingRule", ["SamplingRuleUpdate": rule]), ("/DeleteSamplingRule", ["RuleName": "a"]),
    ("/GetSamplingRules", ["NextToken": ""]), ("/SamplingStatisticSummaries", ["NextToken": ""]),
    (
      "/SamplingTargets",
      [
        "SamplingStatisticsDocuments": [
          [
            "RuleName": "Default", "ClientID": "000000000000000000000001", "Timestamp": 1_795_262_400,
            "RequestCount": 1, "SampledCount": 1, "BorrowCount": 1,
          ]
        ],
        "SamplingBoostStatisticsDocuments": [
          [
            "RuleName": "a", "ServiceName": "a", "Timestamp": 1_795_262_400, "AnomalyCount": 1, "TotalCount": 2,
            "SampledAnomalyCount": 1,
          ]
        ],
      ]
    ),
    ("/PutResourcePolicy", ["PolicyName": "a", "PolicyDocument": policy]),
    ("/DeleteResourcePolicy", ["PolicyName": "a"]), ("/ListResourcePolicies", ["NextToken": ""]),
    ("/TagResource", ["ResourceARN": arn, "Tags": tags]), ("/UntagResource", ["ResourceARN": arn, "TagKeys": ["a"]]),
    ("/ListTagsForResource", ["ResourceARN": arn]), ("/EncryptionConfig", [:]),
    ("/PutEncryptionConfig", ["Type": "KMS", "KeyId": "alias/a"]), ("/GetIndexingRules", ["NextToken": ""]),
    ("/UpdateIndexingRule", ["Name": "Default", "Rule": ["Probabilistic": ["DesiredSamplingPercentage": 1]]]),
    ("/GetTraceSegmentDestination", [:]), ("/UpdateTraceSegmentDestination", ["Destination": "XRay"]),
    ("/TelemetryRecords", ["TelemetryRecords": [["Timestamp": 1_795_262_400, "SegmentsSentCount": 1]]]),
  ]

  @Test func `are answered with a result or the caller's fault, and leave settings that can be kept`() async throws {
    let test = try SettingsTestService()
    let maker = RequestMaker(random: RandomSource(seed: 11))
    var successes: Set<String> = []
    var failures: Set<String> = []
    for round in 0..<150 {
      for (path, good) in Self.requests {
        let request = round == 0 ? good : maker.request(like: good)
        let (status, json) = try await test.call(path, request)
        try #require(status < 500, "\(path) \(request.rendered()): \(json.rendered())")
        if status == 200 {
          successes.insert(path)
        } else {
          failures.insert(path)
          #expect(json["Message"]?.string?.isEmpty == false)
        }
      }
      let settings = test.service.settings.current
      var writer = JSONWriter()
      settings.write(to: &writer)
      let kept = try ServiceSettings(json: JSONValue(parsing: writer.text))
      try #require(kept == settings)
    }
    #expect(successes.count == Self.requests.count)
    // These take no members, so nothing can be wrong with them.
    let unfailing: Set = ["/EncryptionConfig", "/GetTraceSegmentDestination"]
    #expect(failures.union(unfailing).count == Self.requests.count)
  }
}
