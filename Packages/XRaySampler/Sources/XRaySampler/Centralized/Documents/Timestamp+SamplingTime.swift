import XRayModel

extension Timestamp {
  /// Reads a time of the sampling operations: seconds since 1970 to the microsecond, milliseconds since 1970, which
  /// one client sends and which no year before 5138 can be mistaken for, or ISO 8601 text. `nil` for anything
  /// else and for times before 1970.
  init?(samplingTime json: JSONValue) {
    switch json {
    case .number(let number):
      let value = number.double
      guard value >= 0, value < 253_402_300_800_000 else { return nil }
      let seconds = value < 100_000_000_000 ? value : value / 1000
      self.init(ticks: Int64((seconds * 1_000_000).rounded()) * 10)
    case .string(let text): self.init(iso8601: text)
    default: return nil
    }
  }

  /// Reads `2021-06-18T17:28:15+09:00`, with or without decimals, and `Z` or an offset.
  private init?(iso8601 text: String) {
    let bytes = Array(text.utf8)
    guard (20...40).contains(bytes.count) else { return nil }
    func number(_ range: Range<Int>) -> Int64? {
      guard range.upperBound <= bytes.count else { return nil }
      var value: Int64 = 0
      for byte in bytes[range] {
        guard byte &- UInt8(ascii: "0") < 10 else { return nil }
        value = value * 10 + Int64(byte - UInt8(ascii: "0"))
      }
      return value
    }
    let separators: [(Int, UInt8)] = [(4, 0x2D), (7, 0x2D), (10, 0x54), (13, 0x3A), (16, 0x3A)]
    guard separators.allSatisfy({ bytes[$0.0] == $0.1 }), let year = number(0..<4), let month = number(5..<7),
      let day = number(8..<10), let hour = number(11..<13), let minute = number(14..<16),
      let second = number(17..<19), year >= 1970, (1...12).contains(month), (1...31).contains(day), hour < 24,
      minute < 60, second <= 60
    else { return nil }
    var index = 19
    var fraction: Int64 = 0
    if bytes[index] == UInt8(ascii: ".") {
      index += 1
      var unit = Timestamp.ticksPerSecond
      while index < bytes.count, let digit = number(index..<(index + 1)) {
        unit /= 10
        fraction += digit * unit
        index += 1
      }
    }
    var offset: Int64 = 0
    let zone = bytes[index...]
    switch zone.first {
    case UInt8(ascii: "Z") where zone.count == 1: break
    case UInt8(ascii: "+"), UInt8(ascii: "-"):
      guard zone.count == 6, bytes[index + 3] == UInt8(ascii: ":"), let hours = number((index + 1)..<(index + 3)),
        let minutes = number((index + 4)..<(index + 6)), hours < 24, minutes < 60
      else { return nil }
      offset = (hours * 60 + minutes) * (zone.first == UInt8(ascii: "-") ? -60 : 60)
    default: return nil
    }
    let seconds = daysSince1970(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + second
    guard seconds >= offset else { return nil }
    self.init(ticks: (seconds - offset) * Timestamp.ticksPerSecond + fraction)
  }
}

/// The days from 1970-01-01 to a day from that year on, with years counted from March, so that the day that leap
/// years have more is their last.
private func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
  let years = month > 2 ? year : year - 1
  let monthFromMarch = (month + 9) % 12
  return years * 365 + years / 4 - years / 100 + years / 400 + (monthFromMarch * 153 + 2) / 5 + day - 1 - 719_468
}
