/// What a block's documents have in common, as a reader needs it.
///
/// Opening one finds out where its literals and phrases are; what a phrase's operations are is read each time that they
/// are performed: of a dictionary of thousands, a trace uses a few.
struct BlockDictionary: Sendable {
  /// The dictionary's four parts, back to back, and ``slack``.
  private let bytes: [UInt8]
  /// The literals, one after the other.
  private let textRange: Range<Int>
  /// Where in ``bytes`` the first literal begins, and where each ends.
  private let literalBounds: [UInt32]
  struct Phrase: BitwiseCopyable {
    /// Where its operations begin, and how many they are.
    var start: UInt32
    var count: UInt32
    /// Where its first column is, and its number; the next number has the next one.
    var columnStart: UInt32
    var firstColumn: UInt32
  }
  private let phrases: [Phrase]
  let columnCount: Int

  /// What zlib can look back on: the last bytes of ``text`` are known to the chunks' streams.
  static let window = 1 << 15
  /// Bytes that may be read past what is meant.
  static let slack = 16

  /// All literals.
  var text: [UInt8] { Array(bytes[textRange]) }

  init(reading bytes: UnsafeRawBufferPointer, at origin: Int) throws(BlockError) {
    var reader = ByteReader(bytes, at: origin)
    var sizes = (0, 0, 0, 0)
    // zlib makes at most 1,032 bytes of one.
    let limit = bytes.count * 1032 + 64
    sizes.0 = try reader.count(limit: limit)
    sizes.1 = try reader.count(limit: limit)
    sizes.2 = try reader.count(limit: limit)
    sizes.3 = try reader.count(limit: limit)
    let total = sizes.0 + sizes.1 + sizes.2 + sizes.3
    guard total <= limit, total < Int(UInt32.max),
      let parts = inflate(
        try reader.slice(reader.remaining), count: total, knowing: .init(start: nil, count: 0),
        slack: Self.slack)
    else { throw reader.fail() }

    let textRange = sizes.0..<sizes.0 + sizes.1
    let index = try parts.reading { parts throws(BlockError) in
      try Index(UnsafeRawBufferPointer(rebasing: parts[..<total]), textRange, columns: total - sizes.3, at: origin)
    }
    self.bytes = parts
    self.textRange = textRange
    literalBounds = index.literalBounds
    phrases = index.phrases
    columnCount = index.columnCount
  }

  private struct Index {
    var literalBounds: [UInt32] = []
    var phrases: [Phrase] = []
    var columnCount = 0

    init(_ parts: UnsafeRawBufferPointer, _ text: Range<Int>, columns: Int, at origin: Int) throws(BlockError) {
      var lengths = ByteReader(UnsafeRawBufferPointer(rebasing: parts[..<text.lowerBound]), at: origin)
      let literalCount = try lengths.count(limit: text.count)
      literalBounds.reserveCapacity(literalCount + 1)
      var end = text.lowerBound
      literalBounds.append(UInt32(end))
      for _ in 0..<literalCount {
        // None is empty, so that each operation writes something: what a chunk can be made to cost stays bounded.
        let length = try lengths.count(limit: text.upperBound - end)
        guard length > 0 else { throw lengths.fail() }
        end += length
        literalBounds.append(UInt32(end))
      }
      guard end == text.upperBound, lengths.remaining == 0 else { throw lengths.fail() }

      var operations = ByteReader(UnsafeRawBufferPointer(rebasing: parts[..<columns]), at: origin)
      operations.skip(text.upperBound)
      var numbers = ByteReader(parts, at: origin)
      numbers.skip(columns)
      let size = operations.remaining
      let phraseCount = try operations.count(limit: size)
      let operationCount = try operations.count(limit: size)
      phrases.reserveCapacity(phraseCount)
      var seen = 0
      while operations.remaining > 0 {
        let count = try operations.count(limit: operations.remaining)
        guard count > 0 else { throw operations.fail() }
        phrases.append(
          Phrase(
            start: UInt32(operations.position), count: UInt32(count), columnStart: UInt32(numbers.position),
            firstColumn: UInt32(columnCount)))
        seen += count
        columnCount += try Operation.pass(count, &operations, columns: &numbers)
      }
      guard phrases.count == phraseCount, seen == operationCount, numbers.remaining == 0 else { throw numbers.fail() }
    }
  }

  /// A dictionary while its memory is lent.
  struct View {
    fileprivate let bytes: UnsafeRawBufferPointer
    fileprivate let bounds: UnsafeBufferPointer<UInt32>
    fileprivate let phrases: UnsafeBufferPointer<Phrase>
    /// What zlib knows before it inflates a chunk.
    let known: UnsafeRawBufferPointer
    let columnCount: Int

    @inline(__always)
    var literalCount: Int { bounds.count - 1 }

    /// The bytes of a literal; ``slack`` bytes behind them may be read, too. `nil` when there is none of that number.
    @inline(__always)
    func literal(_ number: UInt64) -> UnsafeRawBufferPointer? {
      guard number < UInt64(bounds.count - 1), let bounds = bounds.baseAddress, let base = bytes.baseAddress else {
        return nil
      }
      let start = Int(bounds[Int(number)])
      return UnsafeRawBufferPointer(start: base + start, count: Int(bounds[Int(number) + 1]) - start)
    }

    @inline(__always)
    func phrase(_ number: UInt64) -> Phrase? {
      guard number < UInt64(phrases.count), let phrases = phrases.baseAddress else { return nil }
      return phrases[Int(number)]
    }

    /// Reads from there on.
    @inline(__always)
    func reader(from start: UInt32, at origin: Int) -> ByteReader {
      var reader = ByteReader(bytes, at: origin)
      reader.skip(Int(start))
      return reader
    }
  }

  /// Lends the dictionary's memory.
  func reading<Result>(_ body: (View) throws(BlockError) -> Result) throws(BlockError) -> Result {
    try bytes.reading { bytes throws(BlockError) in
      try literalBounds.withUnsafeBufferPointer { bounds throws(BlockError) in
        try phrases.withUnsafeBufferPointer { phrases throws(BlockError) in
          try body(
            View(
              bytes: bytes, bounds: bounds, phrases: phrases,
              known: UnsafeRawBufferPointer(rebasing: bytes[textRange.suffix(Self.window)]), columnCount: columnCount))
        }
      }
    }
  }
}

extension [UInt8] {
  /// Lends the bytes to something that may fail.
  func reading<Result>(
    _ body: (UnsafeRawBufferPointer) throws(BlockError) -> Result
  ) throws(BlockError) -> Result {
    try withUnsafeBufferPointer { bytes throws(BlockError) in try body(UnsafeRawBufferPointer(bytes)) }
  }
}
