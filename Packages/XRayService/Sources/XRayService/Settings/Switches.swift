import XRayModel

/// How documents are said to be encrypted. Nothing here encrypts: the store's disk is the user's own.
enum EncryptionSetting: Hashable, Sendable {
  case none
  /// With a key of AWS's key service: its alias, id or ARN.
  case kms(keyID: String)

  /// - Parameter status: `UPDATING` in the answer to a change, `ACTIVE` ever after.
  func write(to writer: inout JSONWriter, status: String) {
    writer.object { writer in
      switch self {
      case .none: writer.member("Type", "NONE")
      case .kms(let keyID):
        writer.member("KeyId", keyID)
        writer.member("Type", "KMS")
      }
      writer.member("Status", status)
    }
  }

  init?(json: JSONValue) {
    switch (json["Type"]?.string, json["KeyId"]?.string) {
    case ("NONE", nil): self = .none
    case ("KMS", let keyID?): self = .kms(keyID: keyID)
    default: return nil
    }
  }
}

/// Which share of the traces is to be found by search. There is one rule, named `Default`.
struct IndexingRule: Hashable, Sendable {
  static let name = "Default"

  /// 0 to 100. AWS indexes 1 percent unless told otherwise.
  var desiredPercentage = 1.0
  var modifiedAt = Timestamp(ticks: 0)

  /// Writes X-Ray's `IndexingRule`. Every trace is found here, so what is applied is always 100 percent.
  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("Name", Self.name)
      writer.member("ModifiedAt", modifiedAt)
      writer.key("Rule")
      writer.object { writer in
        writer.key("Probabilistic")
        writer.object { writer in
          writer.member("DesiredSamplingPercentage", desiredPercentage)
          writer.member("ActualSamplingPercentage", 100)
        }
      }
    }
  }
}

extension IndexingRule {
  init?(json: JSONValue) {
    let percentage = json["Rule"]?["Probabilistic"]?["DesiredSamplingPercentage"]?.number?.double
    guard let percentage, (0...100).contains(percentage), let modifiedAt = Timestamp(setting: json["ModifiedAt"])
    else { return nil }
    self.init(desiredPercentage: percentage, modifiedAt: modifiedAt)
  }
}

/// Where documents are said to go. They are in one store here, whatever is set.
enum TraceSegmentDestination: String, CaseIterable, Hashable, Sendable {
  case xray = "XRay"
  case cloudWatchLogs = "CloudWatchLogs"

  /// - Parameter status: `PENDING` in the answer to a change, `ACTIVE` ever after.
  func answer(status: String) -> JSONWriter {
    .object { writer in
      writer.member("Destination", rawValue)
      writer.member("Status", status)
    }
  }
}

extension Timestamp {
  /// Reads a time that was set: seconds since 1970, to the microsecond.
  init?(setting json: JSONValue?) {
    guard let seconds = json?.number?.double, (0..<Self.upperBound.seconds).contains(seconds) else { return nil }
    self.init(ticks: Int64((seconds * 1_000_000).rounded()) * 10)
  }
}
