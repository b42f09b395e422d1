import LambdaEmitter
import QueryProtocol
import XRayModel

/// A role with its policies.
struct Role: Hashable, Sendable {
  var name: String
  var path: String
  /// `AROA` and 17 letters or digits, unlike a name never given twice.
  var id: String
  var created: Timestamp
  var trust: TrustPolicy
  var description: String?
  /// Seconds, 3,600 to 43,200.
  var maximumSession = 3600
  var tags: [String: String] = [:]
  /// Documents of its own, by name.
  var inline: [String: PolicyDocument] = [:]
  /// ARNs of managed policies.
  var attached: Set<String> = []

  func arn(in account: String) -> String { "arn:aws:iam::\(account):role\(path)\(name)" }

  /// Writes the members of a `Role`.
  ///
  /// - Parameter isWhole: With the tags, which lists of roles leave out.
  func write(to xml: inout XMLWriter, account: String, isWhole: Bool = true) {
    xml.element("Path", path)
    xml.element("RoleName", name)
    xml.element("RoleId", id)
    xml.element("Arn", arn(in: account))
    xml.element("CreateDate", created.wholeSecond)
    xml.element("AssumeRolePolicyDocument", trust.text.percentEncoded)
    if let description { xml.element("Description", description) }
    xml.element("MaxSessionDuration", maximumSession)
    if isWhole, !tags.isEmpty {
      xml.list("Tags", tags.sorted { $0.key < $1.key }) { xml, tag in
        xml.element("Key", tag.key)
        xml.element("Value", tag.value)
      }
    }
  }
}
