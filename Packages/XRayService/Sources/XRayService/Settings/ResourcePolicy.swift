import XRayModel

/// Who else may use the service, under a name (X-Ray's `ResourcePolicy`). It is kept, not enforced.
struct ResourcePolicy: Hashable, Sendable {
  /// 1 to 128 characters of `[\w+=,.@-]`.
  var name: String
  /// JSON as it was given, at most ``PolicyDocument/sizeLimit`` bytes.
  var document: String
  /// 1 at first, one more with every change.
  var revision: Int
  var updatedAt: Timestamp

  /// Writes X-Ray's `ResourcePolicy`.
  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("PolicyName", name)
      writer.member("PolicyDocument", document)
      writer.member("PolicyRevisionId", String(revision))
      writer.member("LastUpdatedTime", updatedAt)
    }
  }
}

extension ResourcePolicy {
  init?(json: JSONValue) {
    guard let name = json["PolicyName"]?.string, let document = json["PolicyDocument"]?.string,
      let revision = json["PolicyRevisionId"]?.string.flatMap({ Int($0) }), revision > 0,
      let updatedAt = Timestamp(setting: json["LastUpdatedTime"])
    else { return nil }
    self.init(name: name, document: document, revision: revision, updatedAt: updatedAt)
  }
}
