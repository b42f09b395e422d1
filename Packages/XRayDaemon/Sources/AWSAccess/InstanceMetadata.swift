import NIOHTTP1
import Synchronization
import XRayHTTP
import XRayModel

/// What an EC2 instance tells about itself, by version 2 of its metadata service.
///
/// Elsewhere nobody answers: then asking takes a second, once, and is not tried again for some seconds.
public final class InstanceMetadata: Sendable {
  /// Time for each request: who is there answers within milliseconds.
  public static let deadline = Duration.seconds(1)
  /// For how long nobody is asked again after nobody answered.
  public static let pause = Duration.seconds(30)
  private static let tokenLifetime = Duration.seconds(21_600)

  /// Why there is no answer.
  struct Failure: Error, CustomStringConvertible {
    var description: String
    /// Whether nothing like a metadata service is here.
    var isAbsence = false
  }

  private struct State {
    var token: (text: String, expiration: Timestamp)?
    var absence: (failure: Failure, until: Timestamp)?
  }

  let surroundings: AWSSurroundings
  private let state = Mutex(State())

  /// Asks nobody yet. One for all look-ups: they share its token, and the knowledge that nobody answers.
  public init(_ surroundings: AWSSurroundings) { self.surroundings = surroundings }

  /// One value, such as `/latest/meta-data/instance-id`.
  func value(_ path: String) async throws(Failure) -> String {
    let endpoint = try endpoint()
    var response = try await ask(endpoint, path, try await token(endpoint))
    if response.status == 401 {
      // The token is of another boot of the service.
      state.withLock { $0.token = nil }
      response = try await ask(endpoint, path, try await token(endpoint))
    }
    guard response.status == 200 else {
      throw Failure(
        description: "\(endpoint)\(path) was answered with status \(response.status)", isAbsence: response.status == 404
      )
    }
    return String(decoding: response.body, as: UTF8.self).trimmed
  }

  private func ask(_ endpoint: HTTPEndpoint, _ path: String, _ token: String) async throws(Failure) -> HTTPResponse {
    try await send(HTTPRequest(path: path, headers: ["X-aws-ec2-metadata-token": token]), to: endpoint)
  }

  /// Tried twice, unless the first took all its time.
  private func send(_ request: HTTPRequest, to endpoint: HTTPEndpoint) async throws(Failure) -> HTTPResponse {
    var isLast = false
    while true {
      do {
        let response = try await surroundings.ask(endpoint, request, deadline: Self.deadline)
        if isLast || response.status < 500 { return response }
      } catch {
        if isLast || error.reason != .closed { throw Failure(description: "\(error)", isAbsence: true) }
      }
      isLast = true
    }
  }

  private func token(_ endpoint: HTTPEndpoint) async throws(Failure) -> String {
    let now = surroundings.clock.now
    let (kept, failure) = state.withLock { state in
      (
        state.token.flatMap { $0.expiration > now ? $0.text : nil },
        state.absence.flatMap { $0.until > now ? $0.failure : nil }
      )
    }
    if let kept { return kept }
    if let failure { throw failure }
    do throws(Failure) {
      let seconds = String(Self.tokenLifetime.components.seconds)
      let response = try await send(
        HTTPRequest(.PUT, path: "/latest/api/token", headers: ["X-aws-ec2-metadata-token-ttl-seconds": seconds]),
        to: endpoint)
      let token = String(decoding: response.body, as: UTF8.self).trimmed
      guard response.status == 200, !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
        throw Failure(description: "\(endpoint)/latest/api/token was answered with status \(response.status)")
      }
      // A minute early: nobody else's clock counts.
      let expiration = now.advanced(by: Self.tokenLifetime - .seconds(60))
      state.withLock { $0.token = (token, expiration) }
      return token
    } catch {
      state.withLock { $0.absence = (error, now.advanced(by: Self.pause)) }
      throw error
    }
  }

  private func endpoint() throws(Failure) -> HTTPEndpoint {
    if surroundings.isTrue("AWS_EC2_METADATA_DISABLED") {
      throw Failure(description: "AWS_EC2_METADATA_DISABLED is true", isAbsence: true)
    }
    let isIPv6 = surroundings["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]?.lowercased() == "ipv6"
    let url =
      surroundings["AWS_EC2_METADATA_SERVICE_ENDPOINT"]
      ?? (isIPv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254")
    guard let endpoint = HTTPEndpoint(url) else {
      throw Failure(description: "AWS_EC2_METADATA_SERVICE_ENDPOINT is not of the form http://host[:port]: \(url)")
    }
    return endpoint
  }
}

/// The role of an EC2 instance.
public struct InstanceCredentials: CredentialSource {
  public let name = "instance metadata"
  private static let path = "/latest/meta-data/iam/security-credentials/"
  private let metadata: InstanceMetadata

  public init(_ metadata: InstanceMetadata) { self.metadata = metadata }

  public func credentials() async throws(CredentialsError) -> AWSCredentials {
    do {
      let role = try await metadata.value(Self.path).prefix { !$0.isNewline }
      let answer = try await metadata.value(Self.path + PercentEncoding.encode(String(role)))
      return try CredentialsDocument(answer).credentials
    } catch let error as InstanceMetadata.Failure {
      throw error.isAbsence ? absent(error.description) : failed(error.description)
    } catch let error as CredentialsDocument.Failure {
      throw failed(error.description)
    } catch {
      throw failed("\(error)")
    }
  }
}
