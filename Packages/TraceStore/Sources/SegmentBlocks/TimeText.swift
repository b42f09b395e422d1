/// How a time was written, as far as its value does not tell.
struct TimeFormat: Hashable {
  enum Style: UInt8 {
    /// `1595449285.68`: without zeros at the end, but at least one decimal; as Python, Java and Rust write doubles.
    case trimmed
    /// `1595449285.680`: a fixed number of decimals; without a point when that is zero.
    case fixed
    /// `1.59544928568E9`, without zeros at the end, but at least one decimal: as Java writes doubles.
    case scientific
  }
  var style: Style
  /// Decimals of the seconds: what deltas are counted in. At most 9.
  var decimals: UInt8

  var rawValue: UInt32 { UInt32(style.rawValue) << 4 | UInt32(decimals) }

  init(style: Style, decimals: UInt8) {
    self.style = style
    self.decimals = decimals
  }

  init?(rawValue: UInt32) {
    guard let style = Style(rawValue: UInt8(truncatingIfNeeded: rawValue >> 4)), rawValue & 15 <= 9, rawValue < 48
    else { return nil }
    self.init(style: style, decimals: UInt8(rawValue & 15))
  }

  /// Nanoseconds in the last decimal.
  @inline(__always)
  var unit: Int64 { powersOfTen[9 - Int(decimals)] }
}

/// 1 to 10^9.
let powersOfTen: [Int64] = (0...9).map { exponent in (0..<exponent).reduce(1) { value, _ in value * 10 } }

/// A number in a document that looks like a time: seconds since 1970 with at most nine decimals.
struct TimeText {
  /// Below ``limit``.
  var nanoseconds: Int64
  var format: TimeFormat
  /// Whether there is a zero at the end that ``TimeFormat/Style/trimmed`` would not write.
  var endsWithZero: Bool

  /// 2^32 seconds: fits twice over into 64 bits.
  static let limit: Int64 = 4_294_967_296_000_000_000
  /// Nine digits of seconds.
  static let least: Int64 = 100_000_000_000_000_000
  /// Ten.
  static let leastScientific: Int64 = 1_000_000_000_000_000_000

  /// `nil` for text that ``TextOutput/append(time:_:)`` would not give back.
  @inline(__always)
  init?(_ text: UnsafeBufferPointer<UInt8>) {
    var index = 0
    var mantissa: UInt64 = 0
    while index < text.count, case let digit = text[index] &- UInt8(ascii: "0"), digit < 10 {
      mantissa = mantissa &* 10 &+ UInt64(digit)
      index += 1
    }
    let isPlain = (9...10).contains(index)
    guard isPlain || index == 1, text[0] != UInt8(ascii: "0") else { return nil }
    guard index < text.count else {
      self.init(mantissa, decimals: 0, style: .fixed, endsWithZero: false)
      return
    }
    guard text[index] == UInt8(ascii: ".") else { return nil }
    index += 1
    let first = index
    while index < text.count, index - first <= 18, case let digit = text[index] &- UInt8(ascii: "0"), digit < 10 {
      mantissa = mantissa &* 10 &+ UInt64(digit)
      index += 1
    }
    let decimals = index - first
    guard decimals > 0 else { return nil }
    let endsWithZero = decimals > 1 && text[index - 1] == UInt8(ascii: "0")
    if isPlain {
      guard index == text.count, decimals <= 9 else { return nil }
      self.init(mantissa, decimals: decimals, style: .trimmed, endsWithZero: endsWithZero)
    } else {
      guard decimals <= 18, !endsWithZero, index + 2 == text.count, text[index] == UInt8(ascii: "E"),
        text[index + 1] == UInt8(ascii: "9")
      else { return nil }
      self.init(mantissa, decimals: decimals - 9, style: .scientific, endsWithZero: false)
    }
  }

  @inline(__always)
  private init?(_ mantissa: UInt64, decimals: Int, style: TimeFormat.Style, endsWithZero: Bool) {
    // At most nineteen digits come out of it, however many there were.
    var value = mantissa
    for _ in 0..<(9 - decimals) { value = value &* 10 }
    guard value < UInt64(Self.limit), value >= UInt64(Self.least) else { return nil }
    nanoseconds = Int64(value)
    format = TimeFormat(style: style, decimals: UInt8(max(0, decimals)))
    self.endsWithZero = endsWithZero
  }
}
