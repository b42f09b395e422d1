/// A role's temporary credentials, got with those of another source: the daemon's `-r`.
public struct AssumedRole: CredentialSource {
  public var name: String { "role \(role)" }
  private let role: String
  private let base: any CredentialSource
  private let service: SecurityTokenService

  /// - Parameters:
  ///   - role: The role's ARN.
  ///   - region: Whose STS is asked; `AWS_ENDPOINT_URL_STS` names another server.
  public init(_ role: String, from base: any CredentialSource, region: String, in surroundings: AWSSurroundings) {
    self.role = role
    self.base = base
    var surroundings = surroundings
    surroundings.variables["AWS_REGION"] = region
    service = SecurityTokenService(surroundings)
  }

  public func credentials() async throws(CredentialsError) -> AWSCredentials {
    let credentials = try await base.credentials()
    return try await service.assume(
      role: role, sessionName: SecurityTokenService.sessionName, with: credentials, for: name)
  }
}

/// A role for whoever holds a token, as Kubernetes gives it to pods: `AWS_ROLE_ARN` with
/// `AWS_WEB_IDENTITY_TOKEN_FILE`. The file is read for each refresh, since its token is replaced from time to time.
public struct WebIdentityCredentials: CredentialSource {
  public let name = "web identity"
  private let surroundings: AWSSurroundings
  private let role: String?
  private let tokenFile: String?
  private let sessionName: String?
  private let region: String?

  public init(_ surroundings: AWSSurroundings) {
    self.init(
      surroundings, role: surroundings["AWS_ROLE_ARN"], tokenFile: surroundings["AWS_WEB_IDENTITY_TOKEN_FILE"],
      sessionName: surroundings["AWS_ROLE_SESSION_NAME"], region: nil)
  }

  init(_ surroundings: AWSSurroundings, role: String?, tokenFile: String?, sessionName: String?, region: String?) {
    self.surroundings = surroundings
    self.role = role
    self.tokenFile = tokenFile
    self.sessionName = sessionName
    self.region = region
  }

  public func credentials() async throws(CredentialsError) -> AWSCredentials {
    guard let tokenFile else { throw absent("AWS_WEB_IDENTITY_TOKEN_FILE is not set") }
    guard let role else { throw failed("AWS_WEB_IDENTITY_TOKEN_FILE is set but AWS_ROLE_ARN is not") }
    guard let token = surroundings.text(of: tokenFile), !token.isEmpty else {
      throw failed("no token can be read from \(tokenFile)")
    }
    return try await SecurityTokenService(surroundings, region: region).assume(
      role: role, sessionName: sessionName ?? SecurityTokenService.sessionName, webIdentity: token, for: name)
  }
}
