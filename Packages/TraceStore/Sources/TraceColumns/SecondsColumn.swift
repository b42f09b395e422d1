import XRayModel

/// Seconds that may be missing. Whole ticks take few bytes; anything else is kept bit by bit.
struct SecondsColumn: RowValues, Sendable {
  /// Ticks, or bit patterns of seconds.
  let values: [Int64]
  /// Which rows have a value; `nil` when all have.
  let presence: Bitmap?
  let isTicks: Bool

  private enum Kind {
    static let ticks = 1
    static let hasGaps = 2
    /// The numbers are by how many ticks values are less than those of another column.
    static let isLess = 4
  }

  /// - Parameter whole: Values of which these are mostly equal, in ticks.
  static func append(_ values: [Double?], mostly whole: [Int64]? = nil, to bytes: inout [UInt8]) {
    let ticks = ticks(of: values)
    var numbers = ticks ?? values.map { Int64(bitPattern: ($0 ?? 0).bitPattern) }
    let hasGaps = values.contains { $0 == nil }
    let isLess = ticks != nil && whole != nil
    if isLess, let whole { for row in numbers.indices { numbers[row] = whole[row] &- numbers[row] } }
    let filler = isLess ? 0 : zip(values, numbers).lazy.filter { $0.0 != nil }.map(\.1).min() ?? 0
    if hasGaps { for row in numbers.indices where values[row] == nil { numbers[row] = filler } }
    bytes.append(
      UInt8((ticks == nil ? 0 : Kind.ticks) | (hasGaps ? Kind.hasGaps : 0) | (isLess ? Kind.isLess : 0)))
    if hasGaps { Bitmap(values.map { $0 != nil }).append(to: &bytes) }
    guard isLess else { return NumberColumn.append(numbers, to: &bytes) }
    let others = Bitmap(numbers.map { $0 != 0 })
    others.append(to: &bytes)
    NumberColumn.append(numbers.filter { $0 != 0 }, to: &bytes)
  }

  /// - Parameter whole: What the column was written with.
  init(_ reader: inout ByteReader, count: Int, mostly whole: SecondsColumn? = nil) throws(ColumnError) {
    let kind = try reader.count(limit: 7)
    isTicks = kind & Kind.ticks != 0
    presence = kind & Kind.hasGaps != 0 ? try Bitmap(&reader, count: count) : nil
    guard kind & Kind.isLess != 0 else {
      values = try NumberColumn(&reader, count: count).values
      return
    }
    guard isTicks, let whole, whole.isTicks else { throw reader.fail() }
    let others = try Bitmap(&reader, count: count)
    let differences = try NumberColumn(&reader, count: others.cardinality)
    var values = whole.values
    var next = 0
    others.forEach { row in
      values[row] &-= differences[next]
      next += 1
    }
    self.values = values
  }

  subscript(row: Int) -> Double? {
    if let presence, !presence[row] { return nil }
    return isTicks ? Self.seconds(values[row]) : Double(bitPattern: UInt64(bitPattern: values[row]))
  }

  /// What stands in rows without a value means nothing.
  @inline(__always)
  func forEach(_ body: (_ row: Int, _ seconds: Double) -> Void) {
    if isTicks {
      for row in values.indices { body(row, Self.seconds(values[row])) }
    } else {
      for row in values.indices { body(row, Double(bitPattern: UInt64(bitPattern: values[row]))) }
    }
  }

  /// The values in ticks, 0 where there is none; `nil` when one is no whole number of ticks.
  static func ticks(of values: [Double?]) -> [Int64]? {
    var all: [Int64] = []
    all.reserveCapacity(values.count)
    for value in values {
      guard let value else {
        all.append(0)
        continue
      }
      guard let ticks = exactTicks(value) else { return nil }
      all.append(ticks)
    }
    return all
  }

  static func seconds(_ ticks: Int64) -> Double { Double(ticks) / Double(Timestamp.ticksPerSecond) }

  /// The ticks that stand for these very seconds.
  static func exactTicks(_ value: Double) -> Int64? {
    guard let ticks = ticks(value), seconds(ticks).bitPattern == value.bitPattern else { return nil }
    return ticks
  }

  static func ticks(_ seconds: Double) -> Int64? {
    Int64(exactly: (seconds * Double(Timestamp.ticksPerSecond)).rounded())
  }
}

/// Whole numbers that may be missing, few of them distinct: each row names one.
struct OptionalColumn: Sendable {
  /// In the order in which they were first met.
  let numbers: [Int64]
  /// 0 where there is none, else a place among the numbers plus 1.
  let places: NumberColumn

  struct Builder {
    private(set) var numbers: [Int64] = []
    private var known: [Int: Int] = [:]
    private var last: (number: Int?, place: Int64) = (nil, 0)
    private var places: [Int64] = []

    mutating func add(_ number: Int?) {
      if number != last.number { last = (number, number.map { place(of: $0) } ?? 0) }
      places.append(last.place)
    }

    private mutating func place(of number: Int) -> Int64 {
      if let place = known[number] { return Int64(place) }
      numbers.append(Int64(number))
      known[number] = numbers.count
      return Int64(numbers.count)
    }

    func append(to bytes: inout [UInt8]) {
      bytes.append(varint: numbers.count)
      NumberColumn.append(numbers, to: &bytes)
      NumberColumn.append(places, isHot: true, to: &bytes)
    }
  }

  init(_ reader: inout ByteReader, count: Int) throws(ColumnError) {
    let distinct = try reader.count(limit: count)
    numbers = try NumberColumn(&reader, count: distinct).values
    places = try NumberColumn(&reader, count: count, below: distinct + 1)
  }

  subscript(row: Int) -> Int? {
    let place = places.place(row)
    return place == 0 ? nil : Int(numbers[place - 1])
  }
}
