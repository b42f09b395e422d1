/// A moment in wall-clock time, in steps of 100 nanoseconds since 1970-01-01T00:00:00Z.
///
/// The step is exact for the seven decimals that SDKs and Lambda's runtimes write, which a `Double`
/// is not, and the range reaches past the year 9999, the last that X-Ray's documents may name.
public struct Timestamp: Hashable, Sendable {
  /// 100-nanosecond steps since 1970.
  public var ticks: Int64

  public static let ticksPerSecond: Int64 = 10_000_000
  /// The first moment of the year 10000: times must be smaller.
  public static let upperBound = Timestamp(ticks: 253_402_300_800 * ticksPerSecond)

  public init(ticks: Int64) { self.ticks = ticks }

  /// From whole seconds since 1970, held within what ``ticks`` can count: 29,000 years either way.
  public init(seconds: some BinaryInteger) {
    ticks = Int64(clamping: seconds).multipliedSaturating(by: Self.ticksPerSecond)
  }

  /// From seconds since 1970, rounded to the nearest step and held within the years 1970 to 9999;
  /// not-a-number counts as 1970.
  public init(seconds: Double) {
    let bounded = min(max(seconds, 0), Double(Self.upperBound.ticks / Self.ticksPerSecond) - 1)
    ticks = seconds.isNaN ? 0 : Int64((bounded * Double(Self.ticksPerSecond)).rounded())
  }

  /// Seconds since 1970; exact to about a microsecond.
  public var seconds: Double { Double(ticks) / Double(Self.ticksPerSecond) }

  /// Whole seconds since 1970, rounded down.
  public var wholeSeconds: Int64 { ticks.dividedFloor(by: Self.ticksPerSecond) }

  /// This moment without what is finer than a multiple of `step` ticks: 10,000 for milliseconds,
  /// 10 for microseconds.
  public func rounded(toTicks step: Int64) -> Timestamp {
    Timestamp(ticks: ticks.dividedFloor(by: step) * step)
  }

  /// Appends seconds since 1970 with at most seven decimals and no trailing zeros.
  public func append(to bytes: inout [UInt8]) {
    if ticks < 0 { bytes.append(UInt8(ascii: "-")) }
    let (whole, rest) = ticks.magnitude.quotientAndRemainder(dividingBy: UInt64(Self.ticksPerSecond))
    bytes.append(contentsOf: String(whole).utf8)
    guard rest != 0 else { return }
    bytes.append(UInt8(ascii: "."))
    var fraction = rest
    var unit = UInt64(Self.ticksPerSecond) / 10
    while fraction != 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(fraction / unit))
      fraction %= unit
      unit /= 10
    }
  }
}

extension Timestamp: InstantProtocol {
  public typealias Duration = Swift.Duration

  /// The moment `duration` later, held within what ``ticks`` can count.
  public func advanced(by duration: Swift.Duration) -> Timestamp {
    Timestamp(ticks: ticks.addedSaturating(duration.ticks))
  }

  public func duration(to other: Timestamp) -> Swift.Duration {
    Duration(ticks: other.ticks.subtractedSaturating(ticks))
  }

  public static func < (a: Timestamp, b: Timestamp) -> Bool { a.ticks < b.ticks }
}

extension Timestamp: CustomStringConvertible {
  /// Seconds since 1970, as in documents.
  public var description: String {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// ISO 8601 in UTC with milliseconds: `2026-11-21T09:07:39.127Z`.
  public var iso8601: String {
    let seconds = wholeSeconds
    let days = seconds.dividedFloor(by: 86_400)
    let second = seconds - days * 86_400
    let (year, month, day) = civil(days: days)
    let millisecond = (ticks - seconds * Self.ticksPerSecond) / 10_000
    func padded(_ value: Int64, _ width: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
      + "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
      + ".\(padded(millisecond, 3))Z"
  }
}

extension Duration {
  /// A span of 100-nanosecond steps.
  public init(ticks: Int64) {
    let (seconds, rest) = ticks.quotientAndRemainder(dividingBy: Timestamp.ticksPerSecond)
    self.init(secondsComponent: seconds, attosecondsComponent: rest * 100_000_000_000)
  }

  /// The span in 100-nanosecond steps, rounded towards zero; beyond 29,000 years the most that can be counted.
  public var ticks: Int64 {
    components.seconds.multipliedSaturating(by: Timestamp.ticksPerSecond)
      .addedSaturating(components.attoseconds / 100_000_000_000)
  }

  /// The span in seconds.
  public var inSeconds: Double { Double(ticks) / Double(Timestamp.ticksPerSecond) }
}

extension Int64 {
  fileprivate func dividedFloor(by divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }

  fileprivate func multipliedSaturating(by factor: Int64) -> Int64 {
    let (product, overflow) = multipliedReportingOverflow(by: factor)
    return overflow ? (self < 0 ? .min : .max) : product
  }

  fileprivate func addedSaturating(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }

  fileprivate func subtractedSaturating(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (other < 0 ? .max : .min) : difference
  }
}

/// Year, month and day of a day counted from 1970-01-01, by the 400-year cycle of the Gregorian calendar.
private func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
  let shifted = days + 719_468
  let era = shifted.dividedFloor(by: 146_097)
  let dayOfEra = shifted - era * 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let monthFromMarch = (5 * dayOfYear + 2) / 153
  let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
}
