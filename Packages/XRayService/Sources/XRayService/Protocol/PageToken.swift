import XRayModel

/// Where a page ended, as opaque text that only the same query takes back.
struct PageToken {
  /// Which part of a query that has several the next page begins in.
  var part = 0
  /// The place in that part, as whoever reads it wrote it.
  var place = ""

  /// - Parameter query: Everything that the pages must have in common.
  func text(for query: String) -> String {
    let content = "\(part).\(place)"
    var bytes: [UInt8] = []
    for byte in content.utf8 { bytes.append(byte) }
    return Self.seal(content, query) + Self.hex(bytes)
  }

  init(part: Int = 0, place: String = "") {
    self.part = part
    self.place = place
  }

  /// - Throws: An `InvalidRequestException` for a token of another query, or of none.
  init(_ text: String, for query: String) throws(APIError) {
    guard let content = Self.content(of: text, query), let dot = content.firstIndex(of: "."),
      let part = Int(content[..<dot]), part >= 0
    else { throw APIError.invalidRequest("Invalid token \(text.prefix(100))") }
    self.part = part
    place = String(content[content.index(after: dot)...])
  }

  private static func content(of text: String, _ query: String) -> String? {
    let digits = text.utf8.prefix(2001).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.count == text.utf8.count, digits.count >= 16, digits.count.isMultiple(of: 2) else { return nil }
    let bytes = stride(from: 16, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    guard let content = String(validating: bytes, as: UTF8.self), text.hasPrefix(seal(content, query)) else {
      return nil
    }
    return content
  }

  /// 16 digits that tell whether content and query belong together (FNV-1a, which stays the same over restarts).
  private static func seal(_ content: String, _ query: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for part in [query, "\n", content] {
      for byte in part.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
    return hex(withUnsafeBytes(of: hash.bigEndian) { Array($0) })
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
