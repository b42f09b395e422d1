import LambdaEmitter
import QueryProtocol
import XRayModel

/// A managed policy: one that a customer made, or one of AWS.
struct KeptPolicy: Hashable, Sendable {
  var name: String
  var path: String
  var arn: String
  /// `ANPA` and 17 letters or digits.
  var id: String
  var versionID: String
  var created: Timestamp
  var description: String?
  var tags: [String: String] = [:]
  /// As it was sent.
  var document: String
  /// What it says, under its name.
  var policy: Policy

  /// A policy of AWS.
  init(_ managed: ManagedPolicy) {
    name = managed.name
    path = managed.path
    arn = managed.arn
    // Any id will do that stays the same: the real ones matter to nobody.
    let letters = managed.name.utf8.map(\.asciiUppercased).filter { Unicode.Scalar($0).isASCIIAlphanumeric }
    id = "ANPA" + String(decoding: (letters + Array(repeating: UInt8(ascii: "A"), count: 17)).prefix(17), as: UTF8.self)
    versionID = managed.versionID
    created = managed.created
    document = managed.policy.document.rendered(pretty: true)
    policy = managed.policy
  }

  /// A customer's policy, whose only version is `v1`.
  init(name: String, path: String, account: String, id: String, created: Timestamp, document: PolicyDocument) {
    self.name = name
    self.path = path
    arn = "arn:aws:iam::\(account):policy\(path)\(name)"
    self.id = id
    versionID = "v1"
    self.created = created
    self.document = document.text
    policy = Policy(name: name, statements: document.policy.statements)
  }

  /// Writes the members of a `Policy`.
  ///
  /// - Parameter isWhole: With description and tags, which lists of policies leave out.
  func write(to xml: inout XMLWriter, attachments: Int, isWhole: Bool = true) {
    xml.element("PolicyName", name)
    xml.element("PolicyId", id)
    xml.element("Arn", arn)
    xml.element("Path", path)
    xml.element("DefaultVersionId", versionID)
    xml.element("AttachmentCount", attachments)
    xml.element("PermissionsBoundaryUsageCount", 0)
    xml.element("IsAttachable", true)
    if isWhole, let description { xml.element("Description", description) }
    xml.element("CreateDate", created.wholeSecond)
    xml.element("UpdateDate", created.wholeSecond)
    if isWhole, !tags.isEmpty {
      xml.list("Tags", tags.sorted { $0.key < $1.key }) { xml, tag in
        xml.element("Key", tag.key)
        xml.element("Value", tag.value)
      }
    }
  }

  /// Writes the members of its `PolicyVersion`.
  func writeVersion(to xml: inout XMLWriter, withDocument: Bool) {
    if withDocument { xml.element("Document", document.percentEncoded) }
    xml.element("VersionId", versionID)
    xml.element("IsDefaultVersion", true)
    xml.element("CreateDate", created.wholeSecond)
  }
}

extension UInt8 {
  fileprivate var asciiUppercased: UInt8 {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) ? self & 0xDF : self
  }
}
