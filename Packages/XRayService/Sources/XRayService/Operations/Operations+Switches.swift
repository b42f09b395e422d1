import XRayModel

extension XRayService {
  static let switchOperations = [
    Operation("GetEncryptionConfig", "/EncryptionConfig") { (service, _: Fields) in
      .member("EncryptionConfig") { service.settings.current.encryption.write(to: &$0, status: "ACTIVE") }
    },
    Operation("PutEncryptionConfig") { service, input in
      let encryption = try EncryptionSetting(input)
      try service.settings.change { $0.encryption = encryption }
      return .member("EncryptionConfig") { encryption.write(to: &$0, status: "UPDATING") }
    },
    Operation("GetIndexingRules") { service, input in
      try input.refusePageToken()
      return .object { $0.list("IndexingRules", [service.settings.current.indexing]) { $0.write(to: &$1) } }
    },
    Operation("UpdateIndexingRule") { service, input in
      let name = try input.require("Name", try input.text("Name"))
      let percentage = try input.indexingPercentage()
      guard name == IndexingRule.name else {
        let name = String(name.prefix(100))
        throw APIError.notFound("There is no indexing rule \(name)", resource: name)
      }
      let rule = IndexingRule(desiredPercentage: percentage, modifiedAt: service.now)
      try service.settings.change { $0.indexing = rule }
      return .member("IndexingRule") { rule.write(to: &$0) }
    },
    Operation("GetTraceSegmentDestination") { (service, _: Fields) in
      service.settings.current.destination.answer(status: "ACTIVE")
    },
    Operation("UpdateTraceSegmentDestination") { service, input in
      let destination: TraceSegmentDestination? = try input.choice("Destination")
      let logs = try input.object("CloudWatchLogsConfiguration")
      _ = try logs?.text("SpansLogGroupKmsKeyId", 1...256)
      let set = try service.settings.change { settings in
        settings.destination = destination ?? settings.destination
        return settings.destination
      }
      return set.answer(status: "PENDING")
    },
    Operation("PutTelemetryRecords", "/TelemetryRecords") { service, input in
      service.telemetry.add(try input.telemetryRecords())
      return .nothing
    },
  ]
}

extension EncryptionSetting {
  private enum Kind: String, CaseIterable { case none = "NONE", kms = "KMS" }

  fileprivate init(_ fields: Fields) throws(APIError) {
    let kind: Kind = try fields.require("Type", try fields.choice("Type"))
    let keyID = try fields.text("KeyId", 1...3000)
    switch (kind, keyID) {
    case (.none, nil): self = .none
    case (.none, _): throw .invalidRequest("KeyId must be omitted when Type is NONE")
    case (.kms, nil): throw .invalidRequest("KeyId is required when Type is KMS")
    case (.kms, let keyID?):
      guard Self.isKey(keyID) else { throw fields.violation("KeyId", "must be the alias, the id or the ARN of a key") }
      self = .kms(keyID: keyID)
    }
  }

  private static func isKey(_ text: String) -> Bool {
    let alias = /alias\/[A-Za-z0-9_\/\-]+/
    let id = /[A-Za-z0-9\-]+/
    let arn = /arn:aws[a-z\-]*:kms:[a-z0-9\-]+:[0-9]{12}:(key|alias)\/[A-Za-z0-9_\/\-]+/
    return text.wholeMatch(of: alias) != nil || text.wholeMatch(of: id) != nil || text.wholeMatch(of: arn) != nil
  }
}

extension Fields {
  fileprivate func indexingPercentage() throws(APIError) -> Double {
    let rule = try require("Rule", try object("Rule"))
    let update = try rule.require("Probabilistic", try rule.object("Probabilistic"))
    return try update.require(
      "DesiredSamplingPercentage", try update.number("DesiredSamplingPercentage", 0...100))
  }

  fileprivate func telemetryRecords() throws(APIError) -> [TelemetryRecord] {
    let records = try require("TelemetryRecords", try objects("TelemetryRecords"))
    let instance = try text("EC2InstanceId", 0...20)
    let host = try text("Hostname", 0...255)
    let resource = try text("ResourceARN", 0...500)
    var read: [TelemetryRecord] = []
    for record in records {
      read.append(
        TelemetryRecord(
          timestamp: try record.require("Timestamp", try record.moment("Timestamp")),
          counts: try record.telemetryCounts(), instance: instance, host: host, resource: resource))
    }
    return read
  }

  private func telemetryCounts() throws(APIError) -> TelemetryCounts {
    var counts = TelemetryCounts(
      segmentsReceived: try integer("SegmentsReceivedCount", Fields.counts) ?? 0,
      segmentsSent: try integer("SegmentsSentCount", Fields.counts) ?? 0,
      segmentsSpilled: try integer("SegmentsSpilloverCount", Fields.counts) ?? 0,
      segmentsRejected: try integer("SegmentsRejectedCount", Fields.counts) ?? 0)
    let errors = try object("BackendConnectionErrors")
    for name in [
      "TimeoutCount", "ConnectionRefusedCount", "HTTPCode4XXCount", "HTTPCode5XXCount", "UnknownHostCount",
      "OtherCount",
    ] {
      let count = try errors?.integer(name, Fields.counts) ?? 0
      counts.connectionErrors = counts.connectionErrors.addingSaturating(count)
    }
    return counts
  }
}
