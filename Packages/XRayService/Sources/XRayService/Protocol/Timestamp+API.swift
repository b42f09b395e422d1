import XRayModel

extension Timestamp {
  /// A moment in any form that AWS's clients send: seconds since 1970 as a number or as text, ISO 8601 with a zone, or
  /// an HTTP date (`Fri, 21 Nov 2025 14:00:00 GMT`). `nil` for what is none or lies outside the years 1970 to 9999.
  init?(api value: JSONValue) {
    switch value {
    case .number(let number): self.init(epoch: number.double)
    case .string(let text):
      if let seconds = Double(text) {
        self.init(epoch: seconds)
      } else if let moment = Timestamp(iso8601: text) ?? Timestamp(httpDate: text) {
        self = moment
      } else {
        return nil
      }
    default: return nil
    }
  }

  private init?(epoch seconds: Double) {
    guard seconds >= 0, seconds < Self.upperBound.seconds else { return nil }
    self.init(seconds: seconds)
  }

  /// `2025-11-21T14:00:00.5Z`, `2025-11-21T15:00:00+01:00`, `2025-11-21`.
  private init?(iso8601 text: String) {
    let pattern =
      /(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?([Zz]|[+-]\d{2}:?\d{2})?)?/
    guard text.utf8.count <= 40, let match = text.wholeMatch(of: pattern) else { return nil }
    let numbers = [match.1, match.2, match.3].map { Int($0) ?? 0 }
    let clock = [match.4, match.5, match.6].map { $0.flatMap { Int($0) } ?? 0 }
    let fraction = match.7.flatMap { Double($0) } ?? 0
    let zone = match.8.map(Self.offset(ofZone:)) ?? 0
    self.init(day: (numbers[0], numbers[1], numbers[2]), clock: clock, fraction: fraction, offset: zone)
  }

  private init?(httpDate text: String) {
    let pattern = /[A-Z][a-z]{2}, (\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) (?:GMT|UTC|[+-]0000)/
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    guard text.utf8.count <= 40, let match = text.wholeMatch(of: pattern),
      let month = months.firstIndex(of: String(match.2)), let year = Int(match.3), let day = Int(match.1)
    else { return nil }
    self.init(
      day: (year, month + 1, day), clock: [match.4, match.5, match.6].map { Int($0) ?? 0 }, fraction: 0, offset: 0)
  }

  private init?(day: (year: Int, month: Int, day: Int), clock: [Int], fraction: Double, offset: Int) {
    guard day.year >= 1970, (1...12).contains(day.month), (1...31).contains(day.day), clock[0] < 25, clock[1] < 60,
      clock[2] < 61
    else { return nil }
    let days = Self.daysSince1970(year: day.year, month: day.month, day: day.day)
    let seconds = days * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2] - offset
    self.init(epoch: Double(seconds) + fraction)
  }

  /// Days of the Gregorian calendar, by counting years from March so that a leap day is a year's last.
  private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
  }

  /// Seconds east of Greenwich.
  private static func offset(ofZone zone: Substring) -> Int {
    let digits = zone.filter(\.isNumber).compactMap(\.wholeNumberValue)
    guard digits.count == 4 else { return 0 }
    let seconds = (digits[0] * 10 + digits[1]) * 3600 + (digits[2] * 10 + digits[3]) * 60
    return zone.hasPrefix("-") ? -seconds : seconds
  }
}
