/// Numbers and truth values as Go's `strconv` reads them, which is what the flags of the official daemon take.
enum GoValue {
  enum Failure: String, Error {
    case syntax = "parse error"
    case range = "value out of range"
  }

  /// Decimal, or with a prefix `0x`, `0b`, `0o` or `0`; underscores may stand between digits.
  static func number(_ text: String) throws(Failure) -> Int {
    var digits = Array(text.utf8)[...]
    let isNegative = digits.first == UInt8(ascii: "-")
    if isNegative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
    var radix = 10
    var afterDigit = false
    if digits.first == UInt8(ascii: "0"), digits.count > 1 {
      let prefixes: [UInt8: Int] = [UInt8(ascii: "x"): 16, UInt8(ascii: "b"): 2, UInt8(ascii: "o"): 8]
      let prefix = prefixes[digits[digits.startIndex + 1] | 0x20]
      radix = prefix ?? 8
      digits = digits.dropFirst(prefix == nil ? 1 : 2)
      afterDigit = true
    }
    var value = 0
    var isOverflow = false
    for byte in digits {
      if byte == UInt8(ascii: "_"), afterDigit {
        afterDigit = false
        continue
      }
      guard let digit = Character(UnicodeScalar(byte)).hexDigitValue, digit < radix else { throw .syntax }
      afterDigit = true
      let (product, over) = value.multipliedReportingOverflow(by: radix)
      let (sum, carry) = product.subtractingReportingOverflow(digit)
      isOverflow = isOverflow || over || carry
      // Counted downwards, since there is one more negative number than positive ones.
      value = sum
    }
    guard !digits.isEmpty, afterDigit else { throw .syntax }
    if isOverflow || !isNegative && value == .min { throw .range }
    return isNegative ? value : -value
  }

  static func truth(_ text: String) throws(Failure) -> Bool {
    switch text {
    case "1", "t", "T", "true", "TRUE", "True": true
    case "0", "f", "F", "false", "FALSE", "False": false
    default: throw .syntax
    }
  }

  static func decimal(_ text: String) throws(Failure) -> Double {
    guard let value = Double(text), value.isFinite else { throw .syntax }
    return value
  }
}
