import Testing
import XRayModel
import XRaySampler

#if canImport(Glibc)
  import Glibc
#endif

@Suite struct `Documents of centralized sampling` {
  static let folder = getenv("FLUORO_CORPUS").map { String(cString: $0) + "/api/" }

  private func recorded(_ file: String) throws -> JSONValue {
    let handle = try #require(fopen((Self.folder ?? "") + file, "r"))
    defer { fclose(handle) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, handle))
    return try JSONValue(parsing: bytes.span)
  }

  private func written(_ write: (inout JSONWriter) -> Void) throws -> JSONValue {
    var writer = JSONWriter()
    write(&writer)
    return try JSONValue(parsing: writer.text)
  }

  @Test(
    .enabled(if: folder != nil, "set FLUORO_CORPUS to the folder with the recorded files to run this"),
    arguments: [
      ("GetSamplingRules.devguide-xray-api-configuration-1.json", ["Default"]),
      ("GetSamplingRules.devguide-xray-api-sampling-1.json", ["Default", "base-scorekeep", "polling-scorekeep"]),
      ("otel-java-get-sampling-rules-response.json", ["Test", "Default"]),
    ])
  func `recorded lists of rules are read and come back the same`(file: String, names: [String]) throws {
    let elements = try #require(try recorded(file)["SamplingRuleRecords"]?.array)
    let records = elements.compactMap(SamplingRuleRecord.init(json:))
    #expect(records.map(\.rule.name) == names)
    for record in records {
      #expect(SamplingRuleRecord(json: try written(record.write)) == record)
    }
  }

  @Test(
    .enabled(if: folder != nil, "set FLUORO_CORPUS to the folder with the recorded files to run this"),
    arguments: [
      ("SamplingRule-record-or-input.devguide-xray-api-configuration-1.json", "Default", 10_000),
      ("SamplingRule-record-or-input.devguide-xray-api-configuration-2.json", "base-scorekeep", 9000),
      ("SamplingRule-record-or-input.devguide-xray-api-configuration-3.json", "polling-scorekeep", 5000),
    ])
  func `recorded rules are read`(file: String, name: String, priority: Int) throws {
    let rule = try #require(try recorded(file)["SamplingRule"].flatMap(CentralizedRule.init(json:)))
    #expect(rule.name == name && rule.priority == priority && rule.isDecidable)
  }

  @Test(
    .enabled(if: folder != nil, "set FLUORO_CORPUS to the folder with the recorded files to run this"),
    arguments: [1, 2])
  func `recorded results with one rule are read`(number: Int) throws {
    let json = try recorded("SamplingRuleRecord.devguide-xray-api-configuration-\(number).json")
    let record = try #require(json["SamplingRuleRecord"].flatMap(SamplingRuleRecord.init(json:)))
    #expect(record.rule.arn?.hasSuffix(record.rule.name) == true)
    #expect(record.createdAt == record.modifiedAt && record.createdAt.wholeSeconds > 1_530_574_000)
  }

  @Test(.enabled(if: folder != nil, "set FLUORO_CORPUS to the folder with the recorded files to run this"))
  func `recorded reports are read`() throws {
    func reports(_ file: String) throws -> [SamplingStatistics] {
      (try recorded(file)["SamplingStatisticsDocuments"]?.array ?? []).compactMap(SamplingStatistics.init(json:))
    }
    let first = try #require(try reports("dotnet-jsonmapper-1.json").first)
    #expect(first.timestamp == Timestamp(ticks: 16_042_979_263_620_000))
    #expect((first.requestCount, first.sampledCount, first.borrowCount) == (108, 4, 6))
    #expect(try reports("dotnet-jsonmapper-2.json").isEmpty)
    #expect(try reports("dotnet-jsonmapper-3.json").isEmpty)
    let others = try reports("otel-java-get-sampling-targets-request.json")
    #expect(others.map(\.timestamp) == [Timestamp(seconds: 1_624_257_967), Timestamp(seconds: 1_530_922_806)])
    for report in others { #expect(SamplingStatistics(json: try written(report.write)) == report) }
  }

  @Test(
    .enabled(if: folder != nil, "set FLUORO_CORPUS to the folder with the recorded files to run this"),
    arguments: [
      ("GetSamplingTargets.devguide-xray-api-sampling-1.json", 2, 0), ("dotnet-jsonmapper-6.json", 1, 1),
      ("dotnet-jsonmapper-7.json", 0, 1), ("dotnet-jsonmapper-8.json", 1, 0),
      ("otel-java-get-sampling-targets-response.json", 2, 1),
    ])
  func `recorded targets are read and come back the same`(file: String, documents: Int, unprocessed: Int) throws {
    let targets = try #require(SamplingTargets(json: try recorded(file)))
    #expect(targets.documents.count == documents && targets.unprocessed.count == unprocessed)
    #expect(targets.lastRuleModification != nil)
    #expect(SamplingTargets(json: try written(targets.write)) == targets)
  }

  @Test(arguments: [
    (#"1530920505.25"#, 15_309_205_052_500_000), (#"1530920505250"#, 15_309_205_052_500_000), ("0", 0),
    (#""2018-07-06T23:41:45Z""#, 15_309_205_050_000_000), (#""2018-07-07T08:41:45.5+09:00""#, 15_309_205_055_000_000),
    (#""2018-07-06T20:11:45-03:30""#, 15_309_205_050_000_000), (#""1970-01-01T09:00:00+09:00""#, 0),
    (#""2024-02-29T00:00:00Z""#, 17_091_648_000_000_000),
  ])
  func `times are read in every form`(text: String, ticks: Int64) throws {
    let json = try JSONValue(parsing: #"{"RuleName":"a","FixedRate":0,"ReservoirQuotaTTL":\#(text)}"#)
    #expect(SamplingTargetDocument(json: json)?.reservoirQuotaTTL == Timestamp(ticks: ticks))
  }

  @Test(arguments: [
    "null", "-1", "1e300", #""""#, #""yesterday""#, #""2018-13-06T23:41:45Z""#, #""2018-07-06T23:41:45""#,
    #""1969-07-06T23:41:45Z""#, #""2018-07-06T23:41:45.Z1""#, #""1970-01-01T00:00:00+09:00""#, "true", "[]",
  ])
  func `odd times count as absent`(text: String) throws {
    let json = try JSONValue(parsing: #"{"RuleName":"a","FixedRate":0,"ReservoirQuotaTTL":\#(text)}"#)
    #expect(try #require(SamplingTargetDocument(json: json)).reservoirQuotaTTL == nil)
  }

  @Test(arguments: [
    "null", "[]", "{}", #"{"RuleName":"a","FixedRate":2,"ReservoirSize":1,"Priority":1}"#,
    #"{"RuleName":"a","FixedRate":0.1,"ReservoirSize":-1,"Priority":1}"#,
    #"{"RuleName":"a","FixedRate":0.1,"ReservoirSize":1.5,"Priority":1}"#,
    #"{"RuleName":"","FixedRate":0.1,"ReservoirSize":1,"Priority":1}"#,
    #"{"RuleName":7,"FixedRate":0.1,"ReservoirSize":1,"Priority":1}"#,
    #"{"RuleName":"a","FixedRate":"0.1","ReservoirSize":1,"Priority":1}"#,
    #"{"RuleName":"a","FixedRate":0.1,"ReservoirSize":1,"Priority":1,"Host":5}"#,
    #"{"RuleName":"a","FixedRate":0.1,"ReservoirSize":1,"Priority":1,"Host":""#
      + String(repeating: "*a", count: 600) + #""}"#,
  ])
  func `odd rules are refused`(text: String) throws {
    #expect(CentralizedRule(json: try JSONValue(parsing: text)) == nil)
  }

  @Test func `a rule keeps everything on its way through JSON`() throws {
    let rule = CentralizedRule(
      name: "checkout", arn: "arn:aws:xray:us-east-1:123456789012:sampling-rule/checkout", resourceARN: "*",
      priority: 7, fixedRate: 0.25, reservoirSize: 3, serviceName: "shop*", serviceType: "AWS::Lambda::Function",
      host: "shop.example", httpMethod: "POST", urlPath: "/checkout/?", attributes: ["b": "2*", "a": "1"],
      boost: SamplingRateBoost(maxRate: 0.9, cooldownMinutes: 10))
    #expect(CentralizedRule(json: try written(rule.write)) == rule)
    let summary = SamplingStatisticSummary(
      ruleName: "checkout", timestamp: Timestamp(seconds: 10), requestCount: 5, borrowCount: 1, sampledCount: 2)
    #expect(SamplingStatisticSummary(json: try written(summary.write)) == summary)
    let boost = SamplingBoostStatistics(
      ruleName: "checkout", serviceName: "shop", timestamp: Timestamp(seconds: 10), anomalyCount: 1, totalCount: 9,
      sampledAnomalyCount: 1)
    #expect(SamplingBoostStatistics(json: try written(boost.write)) == boost)
  }

  @Test func `rules are tried by priority, then by name, the Default rule last`() {
    func rule(_ name: String, _ priority: Int) -> CentralizedRule {
      CentralizedRule(name: name, priority: priority, fixedRate: 0, reservoirSize: 0)
    }
    let rules = [rule("Default", 1), rule("b", 5), rule("a", 5), rule("z", 2), rule("y", 10_000)]
    #expect(rules.sorted(by: CentralizedRule.isOrdered(_:before:)).map(\.name) == ["z", "a", "b", "y", "Default"])
  }

  @Test(arguments: [
    (SamplingRequest(), true), (SamplingRequest(host: "SHOP.example", serviceName: "shop"), true),
    (SamplingRequest(host: "other", serviceName: "shop"), false), (SamplingRequest(serviceName: "depot"), false),
    (SamplingRequest(serviceType: "AWS::EC2::Instance"), false), (SamplingRequest(method: "GET"), false),
    (SamplingRequest(path: "/cart"), false), (SamplingRequest(method: "post", path: "/checkout/1"), true),
  ])
  func `a rule matches what a request has`(request: SamplingRequest, expected: Bool) {
    let rule = CentralizedRule(
      name: "checkout", priority: 1, fixedRate: 0, reservoirSize: 0, serviceName: "shop",
      serviceType: "AWS::Lambda::Function", host: "shop.*", httpMethod: "POST", urlPath: "/checkout/*")
    #expect(rule.matches(request) == expected)
    #expect(CentralizedRule.defaultRule.matches(request))
  }
}
