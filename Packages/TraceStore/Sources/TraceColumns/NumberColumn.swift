/// Whole numbers of one width in a blob: `base + scale * stored`, or `base + scale * row`. They are read where they
/// lie; this says where.
struct NumberLayout: Sendable {
  fileprivate(set) var offset: Int
  let count: Int
  /// Bits of each stored number: 0 (all are the base) to 56, 64, or ``ramp``.
  fileprivate let bits: Int
  fileprivate let base: Int64
  fileprivate let scale: UInt64

  /// In place of a width: the numbers go up in equal steps, and nothing is stored.
  fileprivate static let ramp = 128
  /// So many bytes have to follow the last number of a blob: numbers are read eight bytes at a time.
  static let padding = 8

  init(_ reader: inout ByteReader, count: Int) throws(ColumnError) {
    self.count = count
    guard count > 1 else {
      // Nothing to be told apart from.
      bits = 0
      base = count == 0 ? 0 : try reader.signed()
      scale = 0
      offset = reader.position
      return
    }
    bits = Int(try reader.byte())
    guard bits <= 56 || bits == 64 || bits == Self.ramp else { throw reader.fail() }
    base = try reader.signed()
    scale = try reader.varint()
    offset = reader.position
    if bits <= 64 { try reader.skip((count * bits + 7) / 8) }
  }

  /// Numbers whose scale is told elsewhere: a base and, of more than one, a byte for the bits of each.
  init(_ reader: inout ByteReader, count: Int, unit: Int64) throws(ColumnError) {
    self.count = count
    base = count == 0 ? 0 : try reader.signed()
    bits = count < 2 ? 0 : Int(try reader.byte())
    guard bits <= 56 || bits == 64 else { throw reader.fail() }
    scale = UInt64(unit)
    offset = reader.position
    try reader.skip((count * bits + 7) / 8)
  }

  /// - Parameter buffer: The blob.
  @inline(__always)
  func value(_ row: Int, in buffer: UnsafeRawBufferPointer) -> Int64 {
    precondition(row >= 0 && row < count)
    return base &+ Int64(bitPattern: stored(row, in: buffer) &* scale)
  }

  @inline(__always)
  private func stored(_ row: Int, in buffer: UnsafeRawBufferPointer) -> UInt64 {
    if bits == 0 { return 0 }
    if bits > 56 { return bits == 64 ? word(offset &+ row &* 8, in: buffer) : UInt64(row) }
    let at = row &* bits
    return word(offset &+ at >> 3, in: buffer) >> UInt64(at & 7) & (1 << UInt64(bits) &- 1)
  }

  @inline(__always)
  private func word(_ offset: Int, in buffer: UnsafeRawBufferPointer) -> UInt64 {
    UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// The loop is written once for each kind of width, so that the compiler can unroll it.
  @inline(__always)
  func forEach(in buffer: UnsafeRawBufferPointer, _ body: (_ row: Int, _ value: Int64) -> Void) {
    switch bits {
    case 0: for row in 0..<count { body(row, base) }
    case 8: each(UInt8.self, buffer, body)
    case 16: each(UInt16.self, buffer, body)
    case 32: each(UInt32.self, buffer, body)
    case 64: each(UInt64.self, buffer, body)
    case Self.ramp: for row in 0..<count { body(row, base &+ Int64(bitPattern: UInt64(row) &* scale)) }
    default:
      let mask: UInt64 = 1 << UInt64(bits) &- 1
      var at = 0
      for row in 0..<count {
        let stored = word(offset &+ at >> 3, in: buffer) >> UInt64(at & 7) & mask
        body(row, base &+ Int64(bitPattern: stored &* scale))
        at &+= bits
      }
    }
  }

  @inline(__always)
  private func each<Stored: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ type: Stored.Type, _ buffer: UnsafeRawBufferPointer, _ body: (Int, Int64) -> Void
  ) {
    for row in 0..<count {
      let at = offset + row * MemoryLayout<Stored>.size
      let stored = Stored(littleEndian: buffer.loadUnaligned(fromByteOffset: at, as: Stored.self))
      body(row, base &+ Int64(bitPattern: UInt64(truncatingIfNeeded: stored) &* scale))
    }
  }
}

/// Numbers of rows, or of anything else that is counted from 0, in a blob.
struct NumberColumn: RowValues, Sendable {
  let layout: NumberLayout
  private let bytes: [UInt8]

  var count: Int { layout.count }

  init(_ reader: inout ByteReader, count: Int) throws(ColumnError) {
    layout = try NumberLayout(&reader, count: count)
    bytes = reader.bytes
  }

  /// A column of places in a list of `limit` elements.
  init(_ reader: inout ByteReader, count: Int, below limit: Int) throws(ColumnError) {
    try self.init(&reader, count: count)
    var most: UInt64 = 0
    forEach { _, place in most = max(most, UInt64(bitPattern: place)) }
    guard count == 0 || most < UInt64(limit) else { throw reader.fail() }
  }

  subscript(row: Int) -> Int64 { withBytes { layout.value(row, in: $0) } }

  /// The blob that the column lies in: all columns of a blob share it.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { bytes.withUnsafeBytes(body) }

  func place(_ row: Int) -> Int { Int(self[row]) }

  @inline(__always)
  func forEach(_ body: (_ row: Int, _ value: Int64) -> Void) { withBytes { layout.forEach(in: $0, body) } }

  /// All values, unpacked at once.
  var values: [Int64] {
    [Int64](unsafeUninitializedCapacity: count) { values, initialized in
      forEach { row, value in values.initializeElement(at: row, to: value) }
      initialized = count
    }
  }
}

extension NumberColumn {
  /// - Parameter isHot: Whether filters read the column: whole bytes are read faster than bits.
  static func append(_ values: [Int64], isHot: Bool = false, to bytes: inout [UInt8]) {
    guard values.count > 1 else {
      if let value = values.first { bytes.append(signed: value) }
      return
    }
    let (base, widest) = values.withUnsafeBufferPointer { bounds(of: $0) }
    var scale: UInt64 = 0
    if widest > 0 {
      for value in values {
        let distance = UInt64(bitPattern: value &- base)
        if scale == 1 { break }
        if scale == 0 || distance % scale != 0 { scale = commonDivisor(scale, distance) }
      }
    }
    let most = scale == 0 ? 0 : widest / scale
    let isRamp = most > 0 && isRamp(values, base, scale)
    let needed = UInt64.bitWidth - most.leadingZeroBitCount
    let rounded = isHot ? (needed + 7) / 8 * 8 : needed
    let bits = rounded > 56 ? 64 : rounded
    bytes.append(UInt8(isRamp ? NumberLayout.ramp : bits))
    bytes.append(signed: base)
    bytes.append(varint: scale)
    if bits == 0 || isRamp { return }
    values.withUnsafeBufferPointer { bytes.append(packed: $0, base: base, scale: scale, bits: bits) }
  }

  static func append(_ values: [Int], isHot: Bool = false, to bytes: inout [UInt8]) {
    append(values.map { Int64($0) }, isHot: isHot, to: &bytes)
  }

  /// What ``NumberLayout/init(_:count:unit:)`` reads: multiples of `unit`.
  static func append(_ values: UnsafeBufferPointer<Int64>, unit: Int64, to bytes: inout [UInt8]) {
    guard !values.isEmpty else { return }
    let (base, widest) = bounds(of: values)
    bytes.append(signed: base)
    guard values.count > 1 else { return }
    let needed = UInt64.bitWidth - (widest / UInt64(unit)).leadingZeroBitCount
    let bits = needed > 56 ? 64 : needed
    bytes.append(UInt8(bits))
    if bits > 0 { bytes.append(packed: values, base: base, scale: UInt64(unit), bits: bits) }
  }

  /// The least value, and how far the greatest is from it.
  private static func bounds(of values: UnsafeBufferPointer<Int64>) -> (base: Int64, widest: UInt64) {
    var low = Int64.max
    var high = Int64.min
    for value in values {
      low = min(low, value)
      high = max(high, value)
    }
    return (low, UInt64(bitPattern: high &- low))
  }

  private static func isRamp(_ values: [Int64], _ base: Int64, _ scale: UInt64) -> Bool {
    for (row, value) in values.enumerated() where UInt64(bitPattern: value &- base) != UInt64(row) &* scale {
      return false
    }
    return true
  }

  private static func commonDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}

extension [UInt8] {
  /// Appends `(value - base) / scale` of each value in so many bits, the lowest first.
  fileprivate mutating func append(packed values: UnsafeBufferPointer<Int64>, base: Int64, scale: UInt64, bits: Int) {
    let count = (values.count * bits + 7) / 8
    append(contentsOf: repeatElement(0, count: count + 8))
    let first = self.count - count - 8
    withUnsafeMutableBytes { bytes in
      var at = first * 8
      for value in values {
        let distance = UInt64(bitPattern: value &- base)
        let stored =
          scale == 1 ? distance : scale == 10_000 ? distance / 10_000 : scale == 10 ? distance / 10 : distance / scale
        // At most 56 bits, or whole words: they fit behind the bits that are there.
        let held = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at >> 3, as: UInt64.self))
        let word = held | stored << UInt64(at & 7)
        bytes.storeBytes(of: word.littleEndian, toByteOffset: at >> 3, as: UInt64.self)
        at += bits
      }
    }
    removeLast(8)
  }
}
