/// Whole numbers of one width: `base + scale * stored`. They are read where they lie in the blob.
struct NumberColumn: RowValues, Sendable {
  private let bytes: [UInt8]
  private let offset: Int
  let count: Int
  /// Bytes of each number: 0 (all are the base), 1, 2, 4 or 8.
  private let width: Int
  private let base: Int64
  private let scale: UInt64

  static func append(_ values: [Int64], to bytes: inout [UInt8]) {
    let base = values.min() ?? 0
    var scale: UInt64 = 0
    var widest: UInt64 = 0
    for value in values {
      let distance = UInt64(bitPattern: value &- base)
      widest = max(widest, distance)
      scale = commonDivisor(scale, distance)
    }
    let most = scale == 0 ? 0 : widest / scale
    let width = most == 0 ? 0 : most < 1 << 8 ? 1 : most < 1 << 16 ? 2 : most < 1 << 32 ? 4 : 8
    bytes.append(UInt8(width))
    bytes.append(signed: base)
    bytes.append(varint: scale)
    guard width > 0 else { return }
    for value in values {
      var rest = UInt64(bitPattern: value &- base) / scale
      for _ in 0..<width {
        bytes.append(UInt8(truncatingIfNeeded: rest))
        rest >>= 8
      }
    }
  }

  static func append(_ values: [Int], to bytes: inout [UInt8]) { append(values.map { Int64($0) }, to: &bytes) }

  init(_ reader: inout ByteReader, count: Int) throws(ColumnError) {
    width = Int(try reader.byte())
    guard [0, 1, 2, 4, 8].contains(width) else { throw reader.fail() }
    base = try reader.signed()
    scale = try reader.varint()
    bytes = reader.bytes
    offset = reader.position
    self.count = count
    _ = try reader.slice(count * width)
  }

  /// A column of places in a list of `limit` elements.
  init(_ reader: inout ByteReader, count: Int, below limit: Int) throws(ColumnError) {
    try self.init(&reader, count: count)
    var isBelow = true
    forEach { _, place in isBelow = isBelow && place >= 0 && place < Int64(limit) }
    guard isBelow else { throw reader.fail() }
  }

  private static func commonDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var (a, b) = (a, b)
    if a == 1 { return 1 }
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }

  subscript(row: Int) -> Int64 { withBytes { value(row, in: $0) } }

  /// The blob that the column lies in, for ``value(_:in:)``: all columns of a blob share it.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { bytes.withUnsafeBytes(body) }

  /// Reads one number. Loops that jump between rows get the blob once and not for every number.
  @inline(__always)
  func value(_ row: Int, in buffer: UnsafeRawBufferPointer) -> Int64 {
    precondition(row >= 0 && row < count)
    let at = offset + row * width
    let stored: UInt64 =
      switch width {
      case 0: 0
      case 1: UInt64(buffer[at])
      case 2: UInt64(UInt16(littleEndian: buffer.loadUnaligned(fromByteOffset: at, as: UInt16.self)))
      case 4: UInt64(UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
      default: UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      }
    return base &+ Int64(bitPattern: stored &* scale)
  }

  func place(_ row: Int) -> Int { Int(self[row]) }

  /// All values, unpacked at once.
  func withValues<Result>(_ body: (UnsafeBufferPointer<Int64>) -> Result) -> Result {
    withUnsafeTemporaryAllocation(of: Int64.self, capacity: count) { values in
      forEach { row, value in values.initializeElement(at: row, to: value) }
      return body(UnsafeBufferPointer(values))
    }
  }

  /// The loop is written once for each width, so that the compiler can unroll it.
  @inline(__always)
  func forEach(_ body: (_ row: Int, _ value: Int64) -> Void) {
    bytes.withUnsafeBytes { buffer in
      switch width {
      case 0: for row in 0..<count { body(row, base) }
      case 1: for row in 0..<count { body(row, base &+ Int64(bitPattern: UInt64(buffer[offset + row]) &* scale)) }
      case 2: each(UInt16.self, buffer, body)
      case 4: each(UInt32.self, buffer, body)
      default: each(UInt64.self, buffer, body)
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
