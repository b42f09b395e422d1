extension Timestamp {
  /// Reads the text of a JSON number as seconds since 1970, exactly: 3 to 7 decimals, exponent form,
  /// integers. What is finer than 100 ns is rounded. `nil` outside the years 1970 to 9999, and for NaN and Infinity.
  init?(decimal text: UnsafeBufferPointer<UInt8>) {
    let isNegative = text.first == UInt8(ascii: "-")
    var index = isNegative ? 1 : 0
    // 19 digits fit, as many as a step in the year 9999 takes; what comes after them is too small or too late.
    var mantissa: UInt64 = 0
    var exponent = 0
    let firstDigit = index
    while index < text.count, case let digit = text[index] &- UInt8(ascii: "0"), digit < 10 {
      if mantissa < Self.mantissaLimit { mantissa = mantissa * 10 + UInt64(digit) } else { exponent += 1 }
      index += 1
    }
    guard index > firstDigit else { return nil }
    if index < text.count, text[index] == UInt8(ascii: ".") {
      index += 1
      while index < text.count, case let digit = text[index] &- UInt8(ascii: "0"), digit < 10 {
        if mantissa < Self.mantissaLimit {
          mantissa = mantissa * 10 + UInt64(digit)
          exponent -= 1
        }
        index += 1
      }
    }
    if index < text.count { exponent += Self.exponent(text[(index + 1)...]) }
    guard !isNegative || mantissa == 0, let ticks = Self.scaled(mantissa, exponent: exponent + 7),
      ticks < UInt64(Self.upperBound.ticks)
    else { return nil }
    self.init(ticks: Int64(ticks))
  }

  /// 10^18: a mantissa below it takes one more digit.
  private static var mantissaLimit: UInt64 { 1_000_000_000_000_000_000 }

  /// `mantissa` times ten to the power of `exponent`, rounded half up; `nil` when that is beyond the year 9999.
  private static func scaled(_ mantissa: UInt64, exponent: Int) -> UInt64? {
    var value = mantissa
    guard value > 0 else { return 0 }
    var exponent = exponent
    while exponent > 0 {
      // Checked before the multiplication, which could overflow from here on.
      guard value < UInt64(upperBound.ticks) / 10 else { return nil }
      value *= 10
      exponent -= 1
    }
    while exponent < -1, value > 0 {
      value /= 10
      exponent += 1
    }
    return exponent == -1 ? (value + 5) / 10 : value
  }

  /// The value of an exponent, held within a range that no time reaches.
  private static func exponent(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
    var value = 0
    for byte in text where byte &- UInt8(ascii: "0") < 10 {
      value = min(value * 10 + Int(byte - UInt8(ascii: "0")), 100_000)
    }
    return text.first == UInt8(ascii: "-") ? -value : value
  }
}
