/// Names one segment or subsegment within its trace: 64 random bits, written as 16 hexadecimal digits.
public struct EntityID: Hashable, Sendable, RawRepresentable {
  public var rawValue: UInt64

  /// Length of the written form in bytes.
  public static let textLength = 16

  /// `0000000000000000`, which SDKs write for entities that are not sampled.
  public static let notSampled = EntityID(rawValue: 0)

  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Reads 16 hexadecimal digits in either case; `nil` for anything else.
  public init?(_ text: Span<UInt8>) {
    guard text.count == Self.textLength, let value = hexNumber(text, 0..<Self.textLength) else {
      return nil
    }
    self.init(rawValue: value)
  }

  /// Reads 16 hexadecimal digits in either case; `nil` for anything else.
  public init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard let id = EntityID(bytes.span) else { return nil }
    self = id
  }

  /// Appends the 16 lower-case digits.
  public func append(to bytes: inout [UInt8]) {
    appendHex(rawValue, digits: Self.textLength, to: &bytes)
  }
}

extension EntityID: Comparable {
  public static func < (a: EntityID, b: EntityID) -> Bool { a.rawValue < b.rawValue }
}

extension EntityID: CustomStringConvertible {
  public var description: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.textLength)
    append(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}
