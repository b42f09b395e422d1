import Synchronization

/// Random numbers for ids, sampling and simulated durations, shared by concurrent callers.
///
/// Two sources with the same seed give the same numbers in the same order.
public final class RandomSource: RandomNumberGenerator, Sendable {
  private let generator: Mutex<any RandomNumberGenerator & Sendable>

  /// The system's secure generator: ids are visible to clients and must not be guessable.
  public init() { generator = Mutex(SystemRandomNumberGenerator()) }

  /// Repeatable numbers, for simulations and tests.
  public init(seed: UInt64) { generator = Mutex(SplitMix64(state: seed)) }

  public func next() -> UInt64 { generator.withLock { $0.next() } }

  /// A number in `0..<1`.
  public func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A fresh trace id that began at `moment`.
  public func traceID(at moment: Timestamp) -> TraceID {
    TraceID(
      epoch: UInt32(truncatingIfNeeded: moment.wholeSeconds),
      high: UInt32(truncatingIfNeeded: next()), low: next())
  }

  /// A fresh id of a segment, subsegment or exception; never the all-zero id of what is not sampled.
  public func entityID() -> EntityID {
    while true {
      let value = next()
      if value != 0 { return EntityID(rawValue: value) }
    }
  }

  /// A fresh random UUID in lower case, the form of AWS request ids.
  public func requestID() -> String {
    let high = next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
    let low = next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    var digits: [UInt8] = []
    appendHex(high, digits: 16, to: &digits)
    appendHex(low, digits: 16, to: &digits)
    for position in [20, 16, 12, 8] { digits.insert(UInt8(ascii: "-"), at: position) }
    return String(decoding: digits, as: UTF8.self)
  }
}

/// Steele, Lea and Flood's SplitMix64: small, repeatable on every platform, good enough for simulations.
private struct SplitMix64: RandomNumberGenerator, Sendable {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
