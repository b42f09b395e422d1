import Testing
import XRayModel

@testable import XRayService

@Suite struct `Switches` {
  @Test func `tell the encryption that was set`() async throws {
    let test = try SettingsTestService(durable: true)
    #expect(try await test.result("/EncryptionConfig") == ["EncryptionConfig": ["Type": "NONE", "Status": "ACTIVE"]])
    for key in [
      "alias/my-key", "ae4aa6d4-a4d8-9df9-a475-4ff6d7898456",
      "arn:aws:kms:us-east-2:123456789012:key/ae4aa6d4-a4d8-9df9-a475-4ff6d7898456",
      "arn:aws-us-gov:kms:us-gov-west-1:123456789012:alias/a/b_c",
    ] {
      let put = try await test.result("/PutEncryptionConfig", ["Type": "KMS", "KeyId": .string(key)])
      let config: JSONValue = ["KeyId": .string(key), "Type": "KMS", "Status": "UPDATING"]
      #expect(put == ["EncryptionConfig": config])
      let active: JSONValue = ["EncryptionConfig": config.with(["Status": "ACTIVE"])]
      #expect(try await test.result("/EncryptionConfig") == active)
      #expect(try await test.reopened().result("/EncryptionConfig") == active)
    }
    _ = try await test.result("/PutEncryptionConfig", ["Type": "NONE"])
    #expect(try await test.result("/EncryptionConfig")["EncryptionConfig"]?["KeyId"] == nil)
  }

  @Test(
    arguments: [
      [:], ["Type": "AES"], ["Type": "none"], ["Type": "KMS"], ["Type": "KMS", "KeyId": ""],
      ["Type": "KMS", "KeyId": .text(3001)], ["Type": "KMS", "KeyId": "a key"], ["Type": "KMS", "KeyId": "alias/"],
      ["Type": "KMS", "KeyId": "arn:aws:s3:::bucket"], ["Type": "NONE", "KeyId": "alias/a"],
    ] as [JSONValue])
  func `refuse an encryption that is none`(request: JSONValue) async throws {
    let test = try SettingsTestService()
    #expect(try await test.failure("/PutEncryptionConfig", request).type == "InvalidRequestException")
    #expect(test.service.settings.current.encryption == .none)
  }

  @Test func `tell the indexing that was set`() async throws {
    let test = try SettingsTestService(durable: true)
    let rule: JSONValue = [
      "Name": "Default", "ModifiedAt": 0,
      "Rule": ["Probabilistic": ["DesiredSamplingPercentage": 1, "ActualSamplingPercentage": 100]],
    ]
    #expect(try await test.result("/GetIndexingRules") == ["IndexingRules": [rule]])
    for percentage in [0, 12.5, 100] as [JSONValue] {
      let update: JSONValue = ["Probabilistic": ["DesiredSamplingPercentage": percentage]]
      let answer = try await test.result("/UpdateIndexingRule", ["Name": "Default", "Rule": update])
      #expect(
        answer["IndexingRule"]?["Rule"]?["Probabilistic"]
          == ["DesiredSamplingPercentage": percentage, "ActualSamplingPercentage": 100])
      #expect(answer["IndexingRule"]?["ModifiedAt"] == .time(0))
      #expect(try await test.reopened().result("/GetIndexingRules")["IndexingRules"]?[0] == answer["IndexingRule"])
    }
    #expect(try await test.failure("/GetIndexingRules", ["NextToken": "x"]).type == "InvalidRequestException")
  }

  @Test func `refuse an indexing that is none`() async throws {
    let test = try SettingsTestService()
    let rule: JSONValue = ["Probabilistic": ["DesiredSamplingPercentage": 1]]
    for request in [
      ["Rule": rule], ["Name": "Default"], ["Name": "Default", "Rule": [:]],
      ["Name": "Default", "Rule": ["Probabilistic": [:]]],
      ["Name": "Default", "Rule": ["Probabilistic": ["DesiredSamplingPercentage": 100.1]]],
      ["Name": "Default", "Rule": ["Probabilistic": ["DesiredSamplingPercentage": -1]]],
    ] as [JSONValue] {
      #expect(try await test.failure("/UpdateIndexingRule", request).type == "InvalidRequestException")
    }
    let (status, json) = try await test.call("/UpdateIndexingRule", ["Name": "other", "Rule": rule])
    #expect(status == 404)
    #expect(json["ResourceName"] == "other")
  }

  @Test func `tell the destination that was set`() async throws {
    let test = try SettingsTestService(durable: true)
    #expect(try await test.result("/GetTraceSegmentDestination") == ["Destination": "XRay", "Status": "ACTIVE"])
    let put = try await test.result(
      "/UpdateTraceSegmentDestination",
      ["Destination": "CloudWatchLogs", "CloudWatchLogsConfiguration": ["SpansLogGroupKmsKeyId": "alias/a"]])
    #expect(put == ["Destination": "CloudWatchLogs", "Status": "PENDING"])
    let active: JSONValue = ["Destination": "CloudWatchLogs", "Status": "ACTIVE"]
    #expect(try await test.result("/GetTraceSegmentDestination") == active)
    #expect(try await test.reopened().result("/GetTraceSegmentDestination") == active)
    #expect(try await test.result("/UpdateTraceSegmentDestination")["Destination"] == "CloudWatchLogs")
    for request in [
      ["Destination": "S3"], ["Destination": ""], ["CloudWatchLogsConfiguration": ["SpansLogGroupKmsKeyId": ""]],
      ["CloudWatchLogsConfiguration": ["SpansLogGroupKmsKeyId": .text(257)]],
    ] as [JSONValue] {
      #expect(try await test.failure("/UpdateTraceSegmentDestination", request).type == "InvalidRequestException")
    }
  }

  @Test func `are accompanied by what daemons count`() async throws {
    let test = try SettingsTestService()
    let record: JSONValue = [
      "Timestamp": .time(0), "SegmentsReceivedCount": 5, "SegmentsSentCount": 4, "SegmentsSpilloverCount": 1,
      "SegmentsRejectedCount": 2,
      "BackendConnectionErrors": ["TimeoutCount": 1, "HTTPCode5XXCount": 2, "OtherCount": 4],
    ]
    let request: JSONValue = [
      "TelemetryRecords": [record, ["Timestamp": .time(1), "SegmentsReceivedCount": 1]], "Hostname": "host",
      "EC2InstanceId": "i-1", "ResourceARN": "arn:aws:ec2:x",
    ]
    #expect(try await test.result("/TelemetryRecords", request) == [:])
    let counts = TelemetryCounts(
      segmentsReceived: 5, segmentsSent: 4, segmentsSpilled: 1, segmentsRejected: 2, connectionErrors: 7)
    #expect(
      test.service.telemetry.records.first
        == TelemetryRecord(
          timestamp: TestService.now, counts: counts, instance: "i-1", host: "host", resource: "arn:aws:ec2:x"))
    #expect(test.service.telemetry.recordCount == 2)
    #expect(test.service.telemetry.totals.segmentsReceived == 6)

    for change in [["Timestamp": .null], ["SegmentsSentCount": -1]] as [JSONValue] {
      let failure = try await test.failure("/TelemetryRecords", ["TelemetryRecords": [record, record.with(change)]])
      #expect(failure.type == "InvalidRequestException")
    }
    #expect(try await test.failure("/TelemetryRecords", [:]).message.contains("TelemetryRecords"))
    #expect(
      try await test.failure("/TelemetryRecords", request.with(["EC2InstanceId": .text(21)])).type
        == "InvalidRequestException")
    #expect(test.service.telemetry.recordCount == 2)
  }

  @Test func `keep the newest telemetry and never overflow`() {
    let telemetry = DaemonTelemetry()
    let records = (0..<2500).map { number in
      TelemetryRecord(
        timestamp: Timestamp(seconds: number), counts: TelemetryCounts(segmentsReceived: .max, segmentsSent: 1))
    }
    telemetry.add(Array(records[..<700]))
    telemetry.add(Array(records[700...]))
    #expect(telemetry.records == Array(records[1500...]))
    #expect(telemetry.totals == TelemetryCounts(segmentsReceived: .max, segmentsSent: 2500))
  }
}
