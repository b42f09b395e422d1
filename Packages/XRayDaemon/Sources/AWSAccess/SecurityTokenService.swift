import NIOCore
import NIOHTTP1
import XRayHTTP
import XRayModel

/// AWS STS: temporary credentials of a role.
struct SecurityTokenService: Sendable {
  /// What the X-Ray daemon calls its sessions.
  static let sessionName = "xray-daemon"
  private static let deadline = Duration.seconds(5)

  private let surroundings: AWSSurroundings
  private let region: String?

  /// - Parameter region: Where to ask if the environment does not say; without any, `us-east-1`.
  init(_ surroundings: AWSSurroundings, region: String? = nil) {
    self.surroundings = surroundings
    self.region = surroundings["AWS_REGION"] ?? region ?? surroundings["AWS_DEFAULT_REGION"]
  }

  func assume(
    role: String, sessionName: String, externalID: String? = nil, with credentials: AWSCredentials, for source: String
  ) async throws(CredentialsError) -> AWSCredentials {
    var form = [("RoleArn", role), ("RoleSessionName", sessionName)]
    if let externalID { form.append(("ExternalId", externalID)) }
    return try await call("AssumeRole", form, signedBy: credentials, for: source)
  }

  func assume(
    role: String, sessionName: String, webIdentity token: String, for source: String
  ) async throws(CredentialsError) -> AWSCredentials {
    let form = [("RoleArn", role), ("RoleSessionName", sessionName), ("WebIdentityToken", token)]
    return try await call("AssumeRoleWithWebIdentity", form, signedBy: nil, for: source)
  }

  private func call(
    _ action: String, _ form: [(String, String)], signedBy credentials: AWSCredentials?, for source: String
  ) async throws(CredentialsError) -> AWSCredentials {
    let region = region ?? "us-east-1"
    guard AWSRegion.isWellFormed(region) else { throw CredentialsError(source, fails: "\(region) is not a region") }
    let url = surroundings["AWS_ENDPOINT_URL_STS"] ?? "https://sts.\(region).\(AWSRegion.domain(of: region))"
    guard let endpoint = HTTPEndpoint(url: url) else {
      throw CredentialsError(source, fails: "AWS_ENDPOINT_URL_STS is not of the form https://host[:port]: \(url)")
    }
    let body = ([("Action", action), ("Version", "2011-06-15")] + form).map { "\($0)=\(PercentEncoding.encode($1))" }
    var request = HTTPRequest(
      .POST, path: "/", headers: ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"],
      body: ByteBuffer(string: body.joined(separator: "&")))
    if let credentials {
      RequestSigner(service: "sts", region: region).sign(
        &request, to: endpoint, with: credentials, at: surroundings.clock.now)
    }
    let answer: HTTPResponse
    do {
      answer = try await surroundings.ask(endpoint, request, deadline: Self.deadline)
    } catch {
      throw CredentialsError(source, fails: "\(action): \(error)")
    }
    let text = String(decoding: answer.body, as: UTF8.self)
    guard answer.status == 200 else {
      let words = [Self.element("Code", text), Self.element("Message", text)].compactMap { $0?.prefix(300) }
      throw CredentialsError(
        source,
        fails: "\(action) was answered by \(endpoint) with status \(answer.status)"
          + (words.isEmpty ? "" : ": " + words.joined(separator: ": ")))
    }
    guard let key = Self.element("AccessKeyId", text), let secret = Self.element("SecretAccessKey", text),
      let token = Self.element("SessionToken", text),
      let expiration = Self.element("Expiration", text).flatMap({ Timestamp(iso8601: $0) })
    else { throw CredentialsError(source, fails: "\(action) was answered by \(endpoint) without credentials") }
    return AWSCredentials(
      accessKeyID: key, secretAccessKey: secret, sessionToken: token, expiration: expiration)
  }

  /// The content of the first such element. STS's answers have no attributes in them; what is read is plain text.
  private static func element(_ name: String, _ xml: String) -> String? {
    guard let start = xml.firstRange(of: "<\(name)>"),
      let end = xml[start.upperBound...].firstRange(of: "</\(name)>")
    else { return nil }
    return xml[start.upperBound..<end.lowerBound].trimmed
  }
}
