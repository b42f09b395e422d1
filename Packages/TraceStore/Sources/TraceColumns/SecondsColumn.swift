import XRayModel

/// Seconds that may be missing. Whole ticks take few bytes; anything else is kept bit by bit.
struct SecondsColumn: RowValues, Sendable {
  let values: NumberColumn
  /// Which rows have a value; `nil` when all have.
  let presence: Bitmap?
  private let isTicks: Bool

  static func append(_ values: [Double?], to bytes: inout [UInt8]) {
    let known = values.compactMap { $0 }
    let isTicks = known.allSatisfy { seconds in
      guard let ticks = ticks(seconds) else { return false }
      return self.seconds(ticks).bitPattern == seconds.bitPattern
    }
    bytes.append((isTicks ? 1 : 0) | (known.count < values.count ? 2 : 0))
    if known.count < values.count { Bitmap(values.map { $0 != nil }).append(to: &bytes) }
    let numbers = known.map { isTicks ? ticks($0) ?? 0 : Int64(bitPattern: $0.bitPattern) }
    let filler = numbers.min() ?? 0
    var next = numbers.makeIterator()
    NumberColumn.append(values.map { $0 == nil ? filler : next.next() ?? filler }, to: &bytes)
  }

  init(_ reader: inout ByteReader, count: Int) throws(ColumnError) {
    let kind = try reader.byte()
    guard kind < 4 else { throw reader.fail() }
    isTicks = kind & 1 != 0
    presence = kind & 2 != 0 ? try Bitmap(&reader, count: count) : nil
    values = try NumberColumn(&reader, count: count)
  }

  subscript(row: Int) -> Double? {
    if let presence, !presence[row] { return nil }
    return isTicks ? Self.seconds(values[row]) : Double(bitPattern: UInt64(bitPattern: values[row]))
  }

  /// What stands in rows without a value means nothing.
  @inline(__always)
  func forEach(_ body: (_ row: Int, _ seconds: Double) -> Void) {
    if isTicks {
      values.forEach { row, value in body(row, Self.seconds(value)) }
    } else {
      values.forEach { row, value in body(row, Double(bitPattern: UInt64(bitPattern: value))) }
    }
  }

  /// The smallest and the largest value; `nil` when there is none.
  var bounds: ClosedRange<Double>? {
    var low = Double.infinity
    var high = -Double.infinity
    forEach { row, seconds in
      if presence?[row] ?? true, !seconds.isNaN {
        low = min(low, seconds)
        high = max(high, seconds)
      }
    }
    return low <= high ? low...high : nil
  }

  private static func seconds(_ ticks: Int64) -> Double { Double(ticks) / Double(Timestamp.ticksPerSecond) }

  private static func ticks(_ seconds: Double) -> Int64? {
    Int64(exactly: (seconds * Double(Timestamp.ticksPerSecond)).rounded())
  }
}

/// Whole numbers that may be missing.
struct OptionalColumn: RowValues, Sendable {
  let values: NumberColumn
  /// Which rows have a value; `nil` when all have.
  let presence: Bitmap?

  static func append(_ values: [Int?], to bytes: inout [UInt8]) {
    let known = values.compactMap { $0 }
    let filler = known.min() ?? 0
    bytes.append(known.count < values.count ? 1 : 0)
    if known.count < values.count { Bitmap(values.map { $0 != nil }).append(to: &bytes) }
    NumberColumn.append(values.map { $0 ?? filler }, to: &bytes)
  }

  init(_ reader: inout ByteReader, count: Int) throws(ColumnError) {
    let kind = try reader.byte()
    guard kind < 2 else { throw reader.fail() }
    presence = kind == 1 ? try Bitmap(&reader, count: count) : nil
    values = try NumberColumn(&reader, count: count)
  }

  /// What stands in rows without a value means nothing.
  @inline(__always)
  func forEach(_ body: (_ row: Int, _ value: Double) -> Void) {
    values.forEach { row, value in body(row, Double(value)) }
  }

  subscript(row: Int) -> Int? { presence?[row] ?? true ? values.place(row) : nil }
}
