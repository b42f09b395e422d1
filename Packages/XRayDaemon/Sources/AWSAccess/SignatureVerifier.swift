import Crypto
public import NIOCore
public import NIOHTTP1
import XRayHTTP
public import XRayModel

/// The other side of ``RequestSigner``: tells whether a request was signed with one of a few keys, for one of a few
/// services and any region.
///
/// The hash of the body that came is part of what is checked, whatever the header `X-Amz-Content-Sha256` claims. As AWS
/// does, `Host` and all `X-Amz-` headers must be signed, and the time must be at most 5 minutes off.
public struct SignatureVerifier: Sendable {
  /// As in host names, such as `xray`.
  public let services: Set<String>
  private let keys: [String: AWSCredentials]

  private static let tolerance = Duration.seconds(300)

  /// - Parameter keys: Of several with the same id, the last counts.
  public init(services: Set<String>, keys: [AWSCredentials]) {
    self.services = services
    self.keys = Dictionary(keys.map { ($0.accessKeyID, $0) }) { $1 }
  }

  /// Returns when the request is signed as it must be.
  ///
  /// - Parameters:
  ///   - target: The path with the query, as it was sent.
  ///   - now: What the request's time is compared with.
  public func verify(
    _ method: HTTPMethod, target: String, headers: HTTPHeaders, body: ByteBuffer, at now: Timestamp
  ) throws(SignatureError) {
    guard let header = headers.first(name: "Authorization") else { throw .missing }
    guard let claim = Claim(header) else { throw .incomplete }
    guard let keys = keys[claim.accessKeyID], keys.sessionToken == headers.first(name: "X-Amz-Security-Token")
    else { throw .unknownKey }
    guard services.contains(claim.service) else {
      let names = services.sorted().joined(separator: "', '")
      throw .invalid("Credential should be scoped to correct service: '\(names)'.")
    }
    let date = headers.first(name: "X-Amz-Date") ?? ""
    try Self.check(date, day: claim.day, at: now)

    let names = Set(claim.signedHeaders.split(separator: ";"))
    let isComplete = headers.allSatisfy { name, _ in
      let name = name.lowercased()
      return !name.utf8.starts(with: "x-amz-".utf8) || names.contains(name[...])
    }
    guard names.contains("host"), isComplete else {
      throw .invalid("'Host' and all 'X-Amz-' headers must be among the signed headers.")
    }
    let canonical = CanonicalRequest(HTTPRequest(method, path: target, headers: headers, body: body), basePath: "") {
      names.contains($0[...])
    }
    var signed = Array("AWS4-HMAC-SHA256\n\(date)\n\(claim.scope)\n".utf8)
    signed.appendHex(SHA256.hash(data: canonical.bytes))
    let key = SymmetricKey(
      signingFor: claim.service, region: claim.region, day: claim.day, secret: keys.secretAccessKey)
    guard canonical.signedHeaders == claim.signedHeaders,
      HMAC<SHA256>.isValidAuthenticationCode(claim.signature, authenticating: signed, using: key)
    else { throw .mismatch }
  }

  /// Dates of this form are ordered as their text is.
  private static func check(_ date: String, day: String, at now: Timestamp) throws(SignatureError) {
    let isWellFormed =
      date.utf8.count == 16
      && date.utf8.enumerated().allSatisfy { place, byte in
        switch place {
        case 8: byte == UInt8(ascii: "T")
        case 15: byte == UInt8(ascii: "Z")
        default: (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
      }
    guard isWellFormed, date.hasPrefix(day) else { throw .incomplete }
    let earliest = now.advanced(by: .zero - tolerance).compactDate
    let latest = now.advanced(by: tolerance).compactDate
    if date < earliest { throw .invalid("Signature expired: \(date) is now earlier than \(earliest).") }
    if date > latest { throw .invalid("Signature not yet current: \(date) is still later than \(latest).") }
  }
}

/// Why a request's signature is not accepted.
public struct SignatureError: Error, Hashable, Sendable, CustomStringConvertible {
  /// As AWS's clients know it. It goes with the status 403.
  public var type: String
  public var message: String

  static let missing = SignatureError(
    type: "MissingAuthenticationTokenException", message: "Missing Authentication Token")
  static let incomplete = SignatureError(
    type: "IncompleteSignatureException",
    message: "Authorization needs 'AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…' and an 'X-Amz-Date'.")
  static let unknownKey = SignatureError(
    type: "UnrecognizedClientException", message: "The security token included in the request is invalid.")
  static let mismatch = invalid(
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
      + "and signing method.")

  static func invalid(_ message: String) -> SignatureError {
    SignatureError(type: "InvalidSignatureException", message: message)
  }

  public var description: String { "\(type): \(message)" }
}

/// What an `Authorization` header says.
private struct Claim {
  let accessKeyID: String
  /// `20150830`.
  let day: String
  let region: String
  let service: String
  /// Names in lower case, joined by `;`.
  let signedHeaders: String
  /// 32 bytes.
  let signature: [UInt8]

  var scope: String { "\(day)/\(region)/\(service)/aws4_request" }

  /// `nil` for anything that is not of this form.
  init?(_ header: String) {
    let prefix = "AWS4-HMAC-SHA256 "
    guard header.hasPrefix(prefix) else { return nil }
    var fields: [String: Substring] = [:]
    for field in header.dropFirst(prefix.count).split(separator: ",") {
      let field = field.drop { $0 == " " }
      guard let mark = field.firstIndex(of: "=") else { return nil }
      fields[String(field[..<mark])] = field[field.index(after: mark)...]
    }
    guard let credential = fields["Credential"]?.split(separator: "/", omittingEmptySubsequences: false),
      credential.count == 5, credential[1].utf8.count == 8, credential[4] == "aws4_request",
      let signedHeaders = fields["SignedHeaders"], let digits = fields["Signature"],
      let signature = [UInt8](hexDigits: digits), signature.count == SHA256.byteCount
    else { return nil }
    accessKeyID = String(credential[0])
    day = String(credential[1])
    region = String(credential[2])
    service = String(credential[3])
    self.signedHeaders = String(signedHeaders)
    self.signature = signature
  }
}

extension [UInt8] {
  /// Two digits a byte, of either case; `nil` for anything else.
  fileprivate init?(hexDigits text: Substring) {
    let digits = text.utf8.compactMap { byte in Character(UnicodeScalar(byte)).hexDigitValue }
    guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
    self = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}
