public import AWSAccess
import Crypto
import DaemonServer
import XRayModel
import XRayService

/// Who may call: everybody, or those with a key or a token.
public struct AccessPolicy: Sendable {
  /// Everybody who can reach the port.
  public static let open = AccessPolicy(verifier: nil, tokens: [])

  private let verifier: SignatureVerifier?
  /// Hashes, so that comparing tells nothing about a token.
  private let tokens: [SHA256.Digest]

  private init(verifier: SignatureVerifier?, tokens: [SHA256.Digest]) {
    self.verifier = verifier
    self.tokens = tokens
  }

  /// Those whom the file at `path` names: see `AccessKeyFile` for its form.
  public init(file path: String) throws(AccessPolicyError) {
    guard let bytes = WholeFile.read(path) else {
      throw AccessPolicyError(reason: .unreadable, description: "cannot read \(path)")
    }
    do throws(AccessKeyFileError) {
      self.init(try AccessKeyFile(parsing: String(decoding: bytes, as: UTF8.self)))
    } catch {
      throw AccessPolicyError(reason: .malformed, description: "\(path): \(error)")
    }
  }

  /// What calls are signed for here.
  private static let services: Set = ["xray", "lambda", "iam", "sts"]

  /// Those with a key to sign calls to the services of any region, and those with a token.
  public init(_ file: AccessKeyFile) {
    self.init(
      verifier: SignatureVerifier(services: Self.services, keys: file.keys),
      tokens: file.bearerTokens.map { SHA256.hash(data: Array($0.utf8)) })
  }

  /// Whether nobody is asked for anything.
  public var isOpen: Bool { verifier == nil }

  /// Throws what AWS answers to those who may not call.
  func check(_ request: DaemonServer.Application.Request, at now: Timestamp) throws(APIError) {
    guard let verifier else { return }
    if let given = request.bearerToken {
      // All of them, so that the time does not tell which is right.
      let hash = SHA256.hash(data: Array(given.utf8))
      guard tokens.count(where: { $0 == hash }) > 0 else {
        throw APIError(
          type: "UnrecognizedClientException", status: 403, message: "The bearer token is not one of this server's.")
      }
      return
    }
    do throws(SignatureError) {
      try verifier.verify(
        request.head.method, target: request.head.uri, headers: request.head.headers, body: request.body, at: now)
    } catch {
      throw APIError(type: error.type, status: 403, message: error.message)
    }
  }
}

/// Why a file lets nobody in.
public struct AccessPolicyError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure it is.
  public enum Reason: Hashable, Sendable {
    case unreadable, malformed
  }

  /// What kind of failure it is.
  public let reason: Reason
  /// Without anything secret.
  public let description: String
}

extension DaemonServer.Application.Request {
  fileprivate var bearerToken: Substring? {
    guard let header = head.headers.first(name: "Authorization"), header.prefix(7).lowercased() == "bearer " else {
      return nil
    }
    return header.dropFirst(7).drop { $0 == " " }
  }
}
