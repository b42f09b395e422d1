/// Base64 with the standard alphabet.
public enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
    return values
  }()

  public static func text(_ bytes: [UInt8]) -> String {
    var output: [UInt8] = []
    output.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
      for position in 0..<4 {
        output.append(position <= group.count ? alphabet[bits >> (18 - 6 * position) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: output, as: UTF8.self)
  }

  /// The bytes that a text stands for; `nil` for anything that is not whole groups of four, or has bits that mean nothing.
  public static func bytes(_ text: String) -> [UInt8]? {
    var text = text
    return text.withUTF8 { input in
      guard input.count.isMultiple(of: 4) else { return nil }
      let padding = input.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
      var output: [UInt8] = []
      output.reserveCapacity(input.count / 4 * 3)
      var (bits, count) = (UInt32(0), 0)
      for letter in input.dropLast(padding) {
        let value = values[Int(letter)]
        if value == 0xFF { return nil }
        bits = bits << 6 | UInt32(value)
        count += 6
        if count >= 8 {
          count -= 8
          output.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
      }
      return bits & (1 << UInt32(count) - 1) == 0 ? output : nil
    }
  }
}
