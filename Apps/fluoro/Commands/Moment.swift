import ArgumentParser
import FoundationEssentials
import XRayModel

/// A moment as people write it: ISO 8601, seconds since 1970, or how long ago.
enum Moment: ExpressibleByArgument, Hashable {
  case at(Timestamp)
  case ago(seconds: Int64)

  init?(argument: String) {
    if let ago = Self.seconds(ago: argument) {
      self = .ago(seconds: ago)
    } else if let seconds = Double(argument), seconds.isFinite, seconds >= 0 {
      self = .at(Timestamp(seconds: seconds))
    } else if let date = Self.date(argument) {
      self = .at(Timestamp(seconds: date.timeIntervalSince1970))
    } else {
      return nil
    }
  }

  func timestamp(now: Timestamp) -> Timestamp {
    switch self {
    case .at(let timestamp): timestamp
    case .ago(let seconds): now.advanced(by: .seconds(-seconds))
    }
  }

  /// A number and a unit: `30m`, `2h`, `7d`.
  private static func seconds(ago text: String) -> Int64? {
    let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last.flatMap({ units[$0] }), let count = UInt32(text.dropLast()) else { return nil }
    return Int64(count) * unit
  }

  private static func date(_ text: String) -> Date? {
    let whole = Date.ISO8601FormatStyle()
    let styles = [whole, Date.ISO8601FormatStyle(includingFractionalSeconds: true), whole.year().month().day()]
    return styles.lazy.compactMap { try? $0.parse(text) }.first
  }
}

/// The part of time that a command looks at.
struct RangeOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Only traces that began then or later: 30m, 2h or 7d ago, 2026-11-21T09:00:00Z, or seconds since 1970.",
      valueName: "moment"))
  var since: Moment?

  @Option(
    name: .long,
    help: ArgumentHelp("Only traces that began before then, written as for --since.", valueName: "moment"))
  var until: Moment?

  func validate() throws {
    let (lower, upper) = bounds(now: SystemClock().now)
    guard lower < upper else {
      throw ValidationError("--since (\(lower.iso8601)) is not before --until (\(upper.iso8601))")
    }
  }

  /// `nil` means all.
  func range(now: Timestamp) -> Range<Timestamp>? {
    guard since != nil || until != nil else { return nil }
    let (lower, upper) = bounds(now: now)
    return lower..<upper
  }

  private func bounds(now: Timestamp) -> (Timestamp, Timestamp) {
    (since?.timestamp(now: now) ?? Timestamp(ticks: 0), until?.timestamp(now: now) ?? Timestamp.upperBound)
  }
}
