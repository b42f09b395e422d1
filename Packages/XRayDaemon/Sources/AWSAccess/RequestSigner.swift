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

  /// What the signatures of one second and one secret share.
  private struct Stamp {
    var second: Int64
    var secret: String
    /// As the `X-Amz-Date` header has it.
    var date: String
    var scope: String
    /// Ready to take what is to be signed.
    var code: HMAC<SHA256>
  }

  private let stamp = Mutex<Stamp?>(nil)

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
    let stamp = stamp(of: credentials.secretAccessKey, at: time)
    request.headers.replaceOrAdd(name: "Host", value: endpoint.authority)
    request.headers.replaceOrAdd(name: "X-Amz-Date", value: stamp.date)
    request.headers.remove(name: "X-Amz-Security-Token")
    if let token = credentials.sessionToken { request.headers.add(name: "X-Amz-Security-Token", value: token) }

    let canonical = CanonicalRequest(request, basePath: endpoint.basePath)
    var toSign = Array("AWS4-HMAC-SHA256\n\(stamp.date)\n\(stamp.scope)\n".utf8)
    toSign.appendHex(SHA256.hash(data: canonical.bytes))
    var code = stamp.code
    code.update(data: toSign)
    var signature: [UInt8] = []
    signature.appendHex(code.finalize())
    request.headers.replaceOrAdd(
      name: "Authorization",
      value: "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(stamp.scope), "
        + "SignedHeaders=\(canonical.signedHeaders), Signature=\(String(decoding: signature, as: UTF8.self))")
  }

  private func stamp(of secret: String, at time: Timestamp) -> Stamp {
    stamp.withLock { kept in
      if let kept, kept.second == time.wholeSeconds, kept.secret == secret { return kept }
      let date = time.compactDate
      let day = String(date.prefix(8))
      let key = SymmetricKey(signingFor: service, region: region, day: day, secret: secret)
      let new = Stamp(
        second: time.wholeSeconds, secret: secret, date: date, scope: "\(day)/\(region)/\(service)/aws4_request",
        code: HMAC<SHA256>(key: key))
      kept = new
      return new
    }
  }
}

extension SymmetricKey {
  /// The key of one day, region and service.
  init(signingFor service: String, region: String, day: String, secret: String) {
    // AWS's own example computes these four HMACs for each signature.
    self = SymmetricKey(data: Array("AWS4\(secret)".utf8))
    for part in [day, region, service, "aws4_request"] {
      self = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: self))
    }
  }
}

extension Timestamp {
  /// As the `X-Amz-Date` header has it: `20150830T123600Z`.
  var compactDate: String {
    String(decoding: iso8601.utf8.prefix(19).filter { !"-:".utf8.contains($0) }, as: UTF8.self) + "Z"
  }
}

extension [UInt8] {
  /// Appends each byte as two lower-case digits.
  mutating func appendHex(_ bytes: some Sequence<UInt8>) {
    for byte in bytes {
      append(Self.digit(byte >> 4))
      append(Self.digit(byte & 15))
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
}
