/// A place that credentials may come from.
public protocol CredentialSource: Sendable {
  /// As errors name it.
  var name: String { get }
  /// Asks once. An ``CredentialsError/Attempt`` that is no failure lets a chain go on to its next source.
  func credentials() async throws(CredentialsError) -> AWSCredentials
}

extension CredentialSource {
  /// There are none here, and none were promised.
  func absent(_ reason: String) -> CredentialsError {
    CredentialsError(attempts: [.init(source: name, reason: reason, isFailure: false)])
  }

  func failed(_ reason: String) -> CredentialsError { CredentialsError(name, fails: reason) }
}

/// Asks sources one after the other until one has credentials or fails.
public struct CredentialChain: CredentialSource {
  public let name = "chain"
  public var sources: [any CredentialSource]

  public init(_ sources: [any CredentialSource]) { self.sources = sources }

  /// The order of the AWS SDKs: environment, shared files, web identity, container, instance metadata.
  ///
  /// - Parameter metadata: `nil` leaves the machine's metadata out, as in the daemon's local mode.
  public static func standard(_ surroundings: AWSSurroundings, metadata: InstanceMetadata?) -> CredentialChain {
    var sources: [any CredentialSource] = [
      EnvironmentCredentials(surroundings), SharedFileCredentials(surroundings, metadata: metadata),
      WebIdentityCredentials(surroundings), ContainerCredentials(surroundings),
    ]
    if let metadata { sources.append(InstanceCredentials(metadata)) }
    return CredentialChain(sources)
  }

  public func credentials() async throws(CredentialsError) -> AWSCredentials {
    var attempts: [CredentialsError.Attempt] = []
    for source in sources {
      do {
        return try await source.credentials()
      } catch {
        attempts += error.attempts
        if error.attempts.contains(where: \.isFailure) { break }
      }
    }
    throw CredentialsError(attempts: attempts)
  }
}

/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
public struct EnvironmentCredentials: CredentialSource {
  public let name = "environment"
  private let surroundings: AWSSurroundings

  public init(_ surroundings: AWSSurroundings) { self.surroundings = surroundings }

  public func credentials() async throws(CredentialsError) -> AWSCredentials {
    guard let key = surroundings["AWS_ACCESS_KEY_ID"] else { throw absent("AWS_ACCESS_KEY_ID is not set") }
    guard let secret = surroundings["AWS_SECRET_ACCESS_KEY"] else {
      throw failed("AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not")
    }
    return AWSCredentials(
      accessKeyID: key, secretAccessKey: secret, sessionToken: surroundings["AWS_SESSION_TOKEN"])
  }
}
