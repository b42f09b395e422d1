/// The profile `AWS_PROFILE` of the shared files: its keys, or the role that it names.
public struct SharedFileCredentials: CredentialSource {
  public let name = "shared files"
  private let surroundings: AWSSurroundings
  private let metadata: InstanceMetadata?

  /// - Parameter metadata: For roles with the `credential_source` `Ec2InstanceMetadata`.
  public init(_ surroundings: AWSSurroundings, metadata: InstanceMetadata?) {
    self.surroundings = surroundings
    self.metadata = metadata
  }

  public func credentials() async throws(CredentialsError) -> AWSCredentials {
    let config = SharedConfig(surroundings)
    guard config[config.profile] != nil else {
      let reason = "no profile \(config.profile) in the credentials and config files"
      throw config.isProfileNamed ? failed(reason) : absent(reason)
    }
    return try await credentials(of: config.profile, config, seen: [])
  }

  private func credentials(
    of profile: String, _ config: SharedConfig, seen: Set<String>
  ) async throws(CredentialsError) -> AWSCredentials {
    guard let settings = config[profile] else { throw failed("no profile \(profile)") }
    let isCircle = seen.contains(profile)
    // A profile may name itself as the source of its role's credentials: its keys are meant then.
    if let arn = settings["role_arn"], !isCircle {
      return try await role(arn, of: profile, settings, config, seen: seen.union([profile]))
    }
    if let key = settings["aws_access_key_id"], let secret = settings["aws_secret_access_key"] {
      return AWSCredentials(
        accessKeyID: key, secretAccessKey: secret, sessionToken: settings["aws_session_token"])
    }
    if isCircle { throw failed("profile \(profile) is its own source") }
    for setting in ["sso_session", "sso_start_url", "credential_process", "login_session"]
    where settings[setting] != nil {
      throw failed("profile \(profile) uses \(setting), which is not supported: export its keys to the environment")
    }
    let reason = "profile \(profile) has neither keys nor role_arn"
    throw config.isProfileNamed || !seen.isEmpty ? failed(reason) : absent(reason)
  }

  private func role(
    _ arn: String, of profile: String, _ settings: [String: String], _ config: SharedConfig, seen: Set<String>
  ) async throws(CredentialsError) -> AWSCredentials {
    let session = settings["role_session_name"]
    if let path = settings["web_identity_token_file"] {
      return try await WebIdentityCredentials(
        surroundings, role: arn, tokenFile: path, sessionName: session, region: settings["region"]
      ).credentials()
    }
    let base: AWSCredentials
    if let source = settings["source_profile"] {
      base = try await credentials(of: source, config, seen: seen)
    } else {
      base = try await credentials(from: settings["credential_source"], for: profile)
    }
    return try await SecurityTokenService(surroundings, region: settings["region"]).assume(
      role: arn, sessionName: session ?? SecurityTokenService.sessionName, externalID: settings["external_id"],
      with: base, for: "\(name), profile \(profile)")
  }

  /// - Parameter place: A `credential_source`.
  private func credentials(
    from place: String?, for profile: String
  ) async throws(CredentialsError) -> AWSCredentials {
    let source: any CredentialSource
    switch (place, metadata) {
    case ("Environment", _): source = EnvironmentCredentials(surroundings)
    case ("EcsContainer", _): source = ContainerCredentials(surroundings)
    case ("Ec2InstanceMetadata", let metadata?): source = InstanceCredentials(metadata)
    case ("Ec2InstanceMetadata", nil):
      throw failed("profile \(profile) wants instance metadata, not used in local mode")
    default: throw failed("profile \(profile) has role_arn but neither source_profile nor a known credential_source")
    }
    do {
      return try await source.credentials()
    } catch {
      // Here it is set up: the profile names it.
      throw failed("profile \(profile): " + error.attempts.map(\.description).joined(separator: "; "))
    }
  }
}
