/// Names one trace: the second in which it began and 96 random bits.
///
/// Written `1-58406520-a006649127e371903a2de979` (35 characters); the W3C form is the same 32
/// digits without the prefix and the dashes. Both are read in either letter case and written in
/// lower case. The epoch part is not validated: X-Ray no longer requires it to be a recent second.
public struct TraceID: Hashable, Sendable {
  /// Seconds since 1970 at which the original request began.
  public var epoch: UInt32
  /// The first 32 of the random bits.
  public var high: UInt32
  /// The last 64 of the random bits.
  public var low: UInt64

  /// Length of the written form in bytes.
  public static let textLength = 35

  /// `1-00000000-000000000000000000000000`, which SDKs write when a request is not sampled.
  public static let notSampled = TraceID(epoch: 0, high: 0, low: 0)

  public init(epoch: UInt32, high: UInt32, low: UInt64) {
    self.epoch = epoch
    self.high = high
    self.low = low
  }

  /// Reads the 35-byte form; `nil` for anything else.
  public init?(_ text: Span<UInt8>) {
    guard text.count == Self.textLength, text[0] == UInt8(ascii: "1"), text[1] == UInt8(ascii: "-"),
      text[10] == UInt8(ascii: "-"), let epoch = hexNumber(text, 2..<10),
      let high = hexNumber(text, 11..<19), let low = hexNumber(text, 19..<35)
    else { return nil }
    self.init(epoch: UInt32(epoch), high: UInt32(high), low: low)
  }

  /// Reads the 35-character form; `nil` for anything else.
  public init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard let id = TraceID(bytes.span) else { return nil }
    self = id
  }

  /// Reads the W3C form, 32 hexadecimal digits; `nil` for anything else.
  public init?(w3c text: some StringProtocol) {
    let bytes = Array(text.utf8)
    let span = bytes.span
    guard span.count == 32, let epoch = hexNumber(span, 0..<8),
      let high = hexNumber(span, 8..<16), let low = hexNumber(span, 16..<32)
    else { return nil }
    self.init(epoch: UInt32(epoch), high: UInt32(high), low: low)
  }

  /// The 32 lower-case digits of the W3C `trace-id`.
  public var w3c: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(32)
    appendHex(UInt64(epoch), digits: 8, to: &bytes)
    appendHex(UInt64(high), digits: 8, to: &bytes)
    appendHex(low, digits: 16, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends the 35-byte form.
  public func append(to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "1"))
    bytes.append(UInt8(ascii: "-"))
    appendHex(UInt64(epoch), digits: 8, to: &bytes)
    bytes.append(UInt8(ascii: "-"))
    appendHex(UInt64(high), digits: 8, to: &bytes)
    appendHex(low, digits: 16, to: &bytes)
  }
}

extension TraceID: Comparable {
  public static func < (a: TraceID, b: TraceID) -> Bool {
    (a.epoch, a.high, a.low) < (b.epoch, b.high, b.low)
  }
}

extension TraceID: CustomStringConvertible {
  public var description: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.textLength)
    append(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}
