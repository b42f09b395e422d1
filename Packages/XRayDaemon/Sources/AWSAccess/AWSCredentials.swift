public import XRayModel

/// Keys that sign requests to AWS. They are secrets: no description of them shows more than the access key's id.
public struct AWSCredentials: Hashable, Sendable {
  public var accessKeyID: String
  public var secretAccessKey: String
  /// Comes with temporary credentials.
  public var sessionToken: String?
  /// `nil` for keys that stay valid.
  public var expiration: Timestamp?

  public init(
    accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Timestamp? = nil
  ) {
    self.accessKeyID = accessKeyID
    self.secretAccessKey = secretAccessKey
    self.sessionToken = sessionToken
    self.expiration = expiration
  }
}

extension AWSCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String {
    "credentials \(accessKeyID)" + (expiration.map { ", valid until \($0.iso8601)" } ?? "")
  }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID]) }
}
