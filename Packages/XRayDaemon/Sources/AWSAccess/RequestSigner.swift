import Crypto
import NIOCore
import Synchronization
public import XRayHTTP
public import XRayModel

/// Signs requests to one service of one region with AWS's Signature Version 4.
///
/// `Host`, `Content-Type` and the `X-Amz-` headers are signed, which is all that AWS asks for: other headers may be
/// changed on the way, as service meshes do. The request's path must be percent-encoded already.
///
/// Published as "Create a signed AWS API request" in the IAM User Guide.
public final class RequestSigner: Sendable {
  public let service: String
  public let region: String

  /// Derived from a secret for one day. AWS's own example computes four HMACs for it.
  private struct DayKey {
    var day: String
    var secret: String
    var key: SymmetricKey
  }

  private let dayKey = Mutex<DayKey?>(nil)

  /// - Parameter service: As in host names, such as `xray`.
  public init(service: String, region: String) {
    self.service = service
    self.region = region
  }

  /// Replaces or adds `Host`, `X-Amz-Date`, `X-Amz-Security-Token` and `Authorization`.
  ///
  /// - Parameter time: AWS refuses a request whose time is more than 5 minutes off.
  public func sign(
    _ request: inout HTTPRequest, to endpoint: HTTPEndpoint, with credentials: AWSCredentials, at time: Timestamp
  ) {
    let date = AWSDate(time)
    request.headers.replaceOrAdd(name: "Host", value: endpoint.authority)
    request.headers.replaceOrAdd(name: "X-Amz-Date", value: date.text)
    request.headers.remove(name: "X-Amz-Security-Token")
    if let token = credentials.sessionToken { request.headers.add(name: "X-Amz-Security-Token", value: token) }

    let canonical = CanonicalRequest(request, basePath: endpoint.basePath)
    let scope = "\(date.day)/\(region)/\(service)/aws4_request"
    var toSign = Array("AWS4-HMAC-SHA256\n\(date.text)\n\(scope)\n".utf8)
    toSign.appendHex(SHA256.hash(data: canonical.bytes))
    let key = signingKey(for: credentials.secretAccessKey, on: date.day)
    var signature: [UInt8] = []
    signature.appendHex(HMAC<SHA256>.authenticationCode(for: toSign, using: key))
    request.headers.replaceOrAdd(
      name: "Authorization",
      value: "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), "
        + "SignedHeaders=\(canonical.signedHeaders), Signature=\(String(decoding: signature, as: UTF8.self))")
  }

  private func signingKey(for secret: String, on day: String) -> SymmetricKey {
    dayKey.withLock { kept in
      if let kept, kept.day == day, kept.secret == secret { return kept.key }
      var key = SymmetricKey(data: Array("AWS4\(secret)".utf8))
      for part in [day, region, service, "aws4_request"] {
        key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
      }
      kept = DayKey(day: day, secret: secret, key: key)
      return key
    }
  }
}

/// The time as signatures have it: `20150830T123600Z`.
struct AWSDate {
  var text: String
  /// `20150830`.
  var day: String { String(text.prefix(8)) }

  init(_ time: Timestamp) {
    text = String(time.iso8601.prefix(19).filter { $0 != "-" && $0 != ":" }) + "Z"
  }
}

extension [UInt8] {
  /// Appends each byte as two lower-case digits.
  mutating func appendHex(_ bytes: some Sequence<UInt8>) {
    for byte in bytes {
      for digit in [byte >> 4, byte & 15] { append(digit < 10 ? 48 + digit : 87 + digit) }
    }
  }
}
