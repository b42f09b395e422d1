import XRayModel

extension Timestamp {
  /// As IAM writes times: `2026-11-21T09:07:39Z`.
  var wholeSecond: String { iso8601.dropLast(5) + "Z" }
}

extension String {
  /// As IAM writes documents: everything but letters, digits and `-._~` by escapes.
  var percentEncoded: String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension RandomSource {
  /// An id of IAM's form: four letters that tell its kind, and 17 letters or digits.
  func uniqueID(_ kind: String) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
    var bytes = Array(kind.utf8)
    for _ in 0..<17 { bytes.append(letters[Int(next() >> 59)]) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
