/// How the numbers at one place of one phrase are coded: from what they are told as differences, and in how many bits.
struct NumberColumn: Hashable, BitwiseCopyable {
  /// How a difference becomes a number that is not negative.
  enum Sign: UInt8, BitwiseCopyable {
    case zigzag
    /// Less ``NumberColumn/bias``, the smallest.
    case up
    /// ``NumberColumn/bias``, the greatest, less it.
    case down
  }
  var predictor: Predictor
  var sign: Sign = .zigzag
  /// Of the exponential Golomb code.
  var order: UInt8
  var bias: Int64 = 0

  /// For the numbers of phrases that occur only once.
  static func plain(_ kind: Operation.Kind) -> NumberColumn {
    switch kind {
    case .time: NumberColumn(predictor: .before1, order: 12)
    case .idReference, .uuidReference: NumberColumn(predictor: .zero, order: 4)
    default: NumberColumn(predictor: .zero, order: 6)
    }
  }

  @inline(__always)
  func code(_ difference: Int64) -> UInt64 {
    switch sign {
    case .zigzag: zigzag(difference)
    case .up: UInt64(bitPattern: difference &- bias)
    case .down: UInt64(bitPattern: bias &- difference)
    }
  }

  @inline(__always)
  func difference(_ code: UInt64) -> Int64 {
    switch sign {
    case .zigzag: unzigzag(code)
    case .up: Int64(bitPattern: code) &+ bias
    case .down: bias &- Int64(bitPattern: code)
    }
  }

  func write(to bytes: inout [UInt8]) {
    bytes.append(predictor.rawValue | sign.rawValue << 4)
    bytes.append(order)
    if sign != .zigzag { bytes.append(varint: zigzag(bias)) }
  }

  init(predictor: Predictor, order: UInt8) {
    self.predictor = predictor
    self.order = order
  }

  /// Passes one without looking at it.
  @inline(__always)
  static func pass(_ reader: inout ByteReader) throws(BlockError) {
    let first = try reader.byte()
    _ = try reader.byte()
    if first >= 16 { try reader.skipVarint() }
  }

  @inline(__always)
  init(reading reader: inout ByteReader) throws(BlockError) {
    let first = try reader.byte()
    guard let predictor = Predictor(rawValue: first & 15), let sign = Sign(rawValue: first >> 4) else {
      throw reader.fail()
    }
    self.init(predictor: predictor, order: try reader.byte())
    self.sign = sign
    guard order <= Self.orderLimit else { throw reader.fail() }
    if sign != .zigzag { bias = unzigzag(try reader.varint()) }
  }

  static let orderLimit: UInt8 = 40
}

/// What `value`, counted in `unit`, is told as.
@inline(__always)
func difference(_ value: Int64, from prediction: Int64, unit: Int64) -> Int64 {
  unit == 1 ? value - prediction : value / unit - prediction / unit
}

extension NumberColumn {
  /// The cheapest code for these differences, of which there is at least one.
  init(_ differences: some RandomAccessCollection<Int64>, predictor: Predictor) {
    self.init(predictor: predictor, order: 0)
    let least = differences.min() ?? 0
    let greatest = differences.max() ?? 0
    var cheapest = Int.max
    for candidate in [(Sign.zigzag, 0), (.up, least), (.down, greatest)] {
      var column = self
      (column.sign, column.bias) = candidate
      withUnsafeTemporaryAllocation(of: Int.self, capacity: 65) { lengths in
        lengths.initialize(repeating: 0)
        for difference in differences { lengths[64 - column.code(difference).leadingZeroBitCount] += 1 }
        let longest = lengths.lastIndex { $0 > 0 } ?? 0
        let shortest = lengths.firstIndex { $0 > 0 } ?? 0
        // Bytes in the dictionary count too.
        let fixed = column.sign == .zigzag ? 0 : 8 * (1 + (64 - zigzag(column.bias).leadingZeroBitCount) / 7)
        for order in min(max(0, shortest - 1), Int(Self.orderLimit))...min(longest, Int(Self.orderLimit)) {
          var cost = fixed
          for length in shortest...longest {
            cost += lengths[length] * (length <= order ? order + 1 : 2 * length - order)
          }
          guard cost < cheapest else { continue }
          cheapest = cost
          sign = column.sign
          bias = column.bias
          self.order = UInt8(order)
        }
      }
    }
  }
}
