import Traces
public import XRayModel

/// The bounds of a segment's numbers, and what occurs in it at all. A filter that cannot match need not look at the
/// rows, nor read the segment's blob: ``bytes`` is a blob of its own, of less than 2 KB.
public struct SegmentZone: Hashable, Sendable {
  /// When the first and the last trace began; `nil` without traces.
  public var starts: ClosedRange<Timestamp>?
  /// Seconds; `nil` when no trace has such a number.
  public var durations: ClosedRange<Double>?
  public var responseTimes: ClosedRange<Double>?
  public var statuses: ClosedRange<Double>?
  /// A bit for each combination of a row's flags.
  private(set) var flags: UInt64 = 0
  private(set) var services = NameSet([])
  private(set) var annotationKeys = NameSet([])

  init(
    starts: [Int64], durations: [Double?], responseTimes: [Double?], statuses: [Int64], flags: [Int64],
    services: [ServiceID], annotationKeys: [String]
  ) {
    if let first = starts.min(), let last = starts.max() {
      self.starts = Timestamp(ticks: first)...Timestamp(ticks: last)
    }
    self.durations = Self.bounds(durations.lazy.compactMap { $0 })
    self.responseTimes = Self.bounds(responseTimes.lazy.compactMap { $0 })
    self.statuses = Self.bounds(statuses.lazy.map { Double($0) })
    for flags in flags { self.flags |= 1 << UInt64(flags) }
    self.services = NameSet(Set(services.map(\.name)))
    self.annotationKeys = NameSet(Set(annotationKeys))
  }

  private static func bounds(_ values: some Sequence<Double>) -> ClosedRange<Double>? {
    var low = Double.infinity
    var high = -Double.infinity
    for value in values where !value.isNaN {
      low = min(low, value)
      high = max(high, value)
    }
    return low <= high ? low...high : nil
  }

  // MARK: Blobs

  private static let envelope = Envelope(letters: Array("FLTZ".utf8), version: 1)

  /// The zone as a blob: what ``init(decoding:)`` reads.
  public var bytes: [UInt8] {
    var body: [UInt8] = []
    append(to: &body)
    return Self.envelope.wrap(body)
  }

  /// Reads a blob. Bytes that are not a whole zone give an error, never a wrong answer.
  public init(decoding bytes: [UInt8]) throws(ColumnError) {
    var reader = try Self.envelope.open(bytes)
    try self.init(&reader)
    guard reader.remaining == 0 else { throw reader.fail() }
  }

  func append(to bytes: inout [UInt8]) {
    let bounds = [durations, responseTimes, statuses]
    bytes.append(bounds.enumerated().reduce(starts == nil ? 0 : 8) { $0 | ($1.element == nil ? 0 : 1 << $1.offset) })
    if let starts {
      bytes.append(signed: starts.lowerBound.ticks)
      bytes.append(signed: starts.upperBound.ticks)
    }
    for case let bounds? in bounds {
      bytes.append(double: bounds.lowerBound)
      bytes.append(double: bounds.upperBound)
    }
    bytes.append(varint: flags)
    services.append(to: &bytes)
    annotationKeys.append(to: &bytes)
  }

  init(_ reader: inout ByteReader) throws(ColumnError) {
    let known = try reader.count(limit: 15)
    if known & 8 != 0 {
      let low = try reader.signed()
      let high = try reader.signed()
      guard low <= high else { throw reader.fail() }
      starts = Timestamp(ticks: low)...Timestamp(ticks: high)
    }
    if known & 1 != 0 { durations = try reader.bounds() }
    if known & 2 != 0 { responseTimes = try reader.bounds() }
    if known & 4 != 0 { statuses = try reader.bounds() }
    flags = try reader.varint()
    services = try NameSet(&reader)
    annotationKeys = try NameSet(&reader)
  }
}

extension ByteReader {
  fileprivate mutating func bounds() throws(ColumnError) -> ClosedRange<Double> {
    let low = try double()
    let high = try double()
    guard low <= high else { throw fail() }
    return low...high
  }
}

/// A set of names that may say yes to a name that is not in it, and never no to one that is: a Bloom filter. It has
/// twelve bits for each name, up to 768 bytes.
struct NameSet: Hashable, Sendable {
  private var bits: [UInt8]

  private static let byteLimit = 768
  private static let hashCount: UInt64 = 5

  init(_ names: Set<String>) {
    bits = [UInt8](repeating: 0, count: min(Self.byteLimit, (names.count * 12 + 7) / 8))
    for name in names { for bit in places(of: name) { bits[bit / 8] |= 1 << UInt8(bit % 8) } }
  }

  func mayContain(_ name: String) -> Bool {
    !bits.isEmpty && places(of: name).allSatisfy { bits[$0 / 8] >> UInt8($0 % 8) & 1 == 1 }
  }

  /// FNV-1a, of which two halves give the places: blobs outlive a process, so the hash has to stay the same.
  private func places(of name: String) -> [Int] {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    hash ^= hash >> 32
    let step = (hash &* 0x9E37_79B9_7F4A_7C15) >> 32 | 1
    return (0..<Self.hashCount).map { Int((hash &+ $0 &* step) % UInt64(bits.count * 8)) }
  }

  func append(to bytes: inout [UInt8]) {
    bytes.append(varint: bits.count)
    bytes.append(contentsOf: bits)
  }

  init(_ reader: inout ByteReader) throws(ColumnError) {
    let count = try reader.count(limit: Self.byteLimit)
    bits = Array(try reader.slice(count))
  }
}
