/// The value of one hexadecimal digit in either case; 255 for anything else.
///
/// Without branches: the digits of ids are random, so a processor would guess every other one wrong.
@inline(__always)
func hexDigit(_ byte: UInt8) -> UInt8 {
  let decimal = byte &- UInt8(ascii: "0")
  let letter = (byte | 0x20) &- UInt8(ascii: "a")
  return decimal < 10 ? decimal : letter < 6 ? letter &+ 10 : 255
}

/// Reads at most 16 hexadecimal digits; `nil` when any byte of `range` is something else.
@inline(__always)
func hexNumber(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
  var value: UInt64 = 0
  var all: UInt8 = 0
  for index in range {
    let digit = hexDigit(text[index])
    all |= digit
    value = value &<< 4 | UInt64(digit & 15)
  }
  return all < 16 ? value : nil
}

/// Appends the lowest `digits` hexadecimal digits of `value`, in lower case.
func appendHex(_ value: UInt64, digits: Int, to bytes: inout [UInt8]) {
  for position in stride(from: (digits - 1) * 4, through: 0, by: -4) {
    let digit = UInt8(truncatingIfNeeded: value &>> UInt64(position)) & 0xF
    bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
  }
}
