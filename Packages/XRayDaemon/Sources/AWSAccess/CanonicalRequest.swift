import Crypto
import NIOCore
import XRayHTTP

/// A request in the one form that both sides of a signature derive it in.
struct CanonicalRequest {
  private(set) var bytes: [UInt8] = []
  /// The names of the headers that are part of it, joined by `;`.
  private(set) var signedHeaders = ""

  /// - Parameter isSigned: Whether a header is part of it; asked with a name in lower case.
  init(
    _ request: HTTPRequest, basePath: String, isSigned: (String) -> Bool = { Self.isSignedByUs($0) }
  ) {
    let target = basePath + request.path
    let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
    bytes.reserveCapacity(512)
    append(request.method.rawValue)
    append(Self.path(target[..<mark]))
    append(Self.query(target[mark...].dropFirst()))

    var headers = request.headers.compactMap { name, value in
      let name = name.lowercased()
      return isSigned(name) ? (name: name, value: Self.collapsed(value)) : nil
    }
    headers.sort { $0.name < $1.name }
    for (name, value) in headers {
      bytes.append(contentsOf: name.utf8)
      bytes.append(UInt8(ascii: ":"))
      append(value)
      if !signedHeaders.isEmpty { signedHeaders += ";" }
      signedHeaders += name
    }
    append("")
    append(signedHeaders)

    var hash = SHA256()
    request.body.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
    bytes.appendHex(hash.finalize())
  }

  private mutating func append(_ line: String) {
    bytes.append(contentsOf: line.utf8)
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Of a name in lower case.
  static func isSignedByUs(_ name: String) -> Bool {
    name == "host" || name == "content-type" || name.utf8.starts(with: "x-amz-".utf8)
  }

  /// Without blanks around it, and with one blank for several.
  private static func collapsed(_ value: String) -> String {
    value.utf8.contains(UInt8(ascii: " ")) ? value.split(separator: " ").joined(separator: " ") : value
  }

  /// Without `.`, `..` and empty parts, and percent-encoded once more: all services but S3 have it so.
  private static func path(_ path: Substring) -> String {
    if isCanonical(path) { return String(path) }
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    let joined = "/" + parts.joined(separator: "/")
    let ending = parts.isEmpty || path.last != "/" ? "" : "/"
    return PercentEncoding.encode(joined + ending, keepingSlashes: true)
  }

  /// Whether a path is such already, as those of X-Ray's API are: looking costs much less than taking it apart.
  private static func isCanonical(_ path: Substring) -> Bool {
    var last: UInt8?
    for byte in path.utf8 {
      switch byte {
      case UInt8(ascii: "/"), UInt8(ascii: "."): if last == UInt8(ascii: "/") { return false }
      default: if !PercentEncoding.isPlain(byte) { return false }
      }
      last = byte
    }
    return path.utf8.first == UInt8(ascii: "/")
  }

  /// Names with their values, ordered by their bytes. A name alone has an empty value.
  private static func query(_ query: Substring) -> String {
    if query.isEmpty { return "" }
    let pairs = query.split(separator: "&").map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (parts[0], parts.count > 1 ? parts[1] : "")
    }
    return pairs.sorted { $0 < $1 }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
  }
}

/// `%20` for what is neither a letter, a digit nor one of `-._~`.
enum PercentEncoding {
  static func encode(_ text: String, keepingSlashes: Bool = false) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if isPlain(byte) || keepingSlashes && byte == UInt8(ascii: "/") {
        bytes.append(byte)
      } else {
        bytes.append(UInt8(ascii: "%"))
        for digit in [byte >> 4, byte & 15] { bytes.append(digit < 10 ? 48 + digit : 55 + digit) }
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Whether a byte stands for itself.
  static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }
}
