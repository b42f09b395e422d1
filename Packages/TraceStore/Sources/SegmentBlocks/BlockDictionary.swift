/// What a block's documents have in common, as a reader needs it.
struct BlockDictionary: Sendable {
  /// All literals, one after the other.
  let text: [UInt8]
  /// Where each literal ends in ``text``.
  let literalEnds: [Int32]
  struct Phrase {
    /// Where its operations end in ``operations``; they begin where those of the phrase before end.
    var end: Int32
    /// The column of its first number; the next number has the next one.
    var firstColumn: Int32
  }
  let phrases: [Phrase]
  let operations: [Operation]
  let columns: [NumberColumn]

  /// What zlib can look back on: the last bytes of ``text`` are known to the chunks' streams.
  static let window = 1 << 15

  init(reading bytes: UnsafeRawBufferPointer, at origin: Int) throws(BlockError) {
    var reader = ByteReader(bytes, at: origin)
    var sizes: [Int] = []
    // zlib makes at most 1,032 bytes of one.
    for _ in 0..<4 { sizes.append(try reader.count(limit: bytes.count * 1032 + 64)) }
    let deflated = try reader.slice(reader.remaining)
    let total = sizes.reduce(0, +)
    guard total <= deflated.count * 1032 + 64,
      let parts = inflate(deflated, count: total, knowing: .init(start: nil, count: 0))
    else { throw reader.fail() }

    var error = reader.fail()
    let result = parts.withUnsafeBytes { parts -> BlockDictionary? in
      do throws(BlockError) {
        return try BlockDictionary(parts, sizes, at: origin)
      } catch let failure {
        error = failure
        return nil
      }
    }
    guard let result else { throw error }
    self = result
  }

  private init(_ parts: UnsafeRawBufferPointer, _ sizes: [Int], at origin: Int) throws(BlockError) {
    var all = ByteReader(parts, at: origin)
    var lengths = ByteReader(try all.slice(sizes[0]), at: origin)
    text = [UInt8](try all.slice(sizes[1]))
    var phrases = ByteReader(try all.slice(sizes[2]), at: origin)
    var numbers = ByteReader(try all.slice(sizes[3]), at: origin)

    let literalCount = try lengths.count(limit: text.count)
    var literalEnds: [Int32] = []
    literalEnds.reserveCapacity(literalCount)
    var end = 0
    for _ in 0..<literalCount {
      // None is empty, so that each operation writes something: what a chunk can be made to cost stays bounded.
      let length = try lengths.count(limit: text.count - end)
      guard length > 0 else { throw lengths.fail() }
      end += length
      literalEnds.append(Int32(end))
    }
    guard end == text.count, lengths.remaining == 0 else { throw lengths.fail() }

    var readPhrases: [Phrase] = []
    var operations: [Operation] = []
    var columns: [NumberColumn] = []
    let phraseCount = try phrases.count(limit: sizes[2])
    let operationCount = try phrases.count(limit: sizes[2])
    readPhrases.reserveCapacity(phraseCount)
    operations.reserveCapacity(operationCount)
    columns.reserveCapacity(sizes[3] / 2)
    while phrases.remaining > 0 {
      let count = try phrases.count(limit: phrases.remaining)
      guard count > 0 else { throw phrases.fail() }
      let firstColumn = Int32(columns.count)
      for _ in 0..<count {
        let operation = try Operation(reading: &phrases, literals: literalCount)
        operations.append(operation)
        if operation.isNumber { columns.append(try NumberColumn(reading: &numbers)) }
      }
      readPhrases.append(Phrase(end: Int32(operations.count), firstColumn: firstColumn))
    }
    guard readPhrases.count == phraseCount, operations.count == operationCount, numbers.remaining == 0 else {
      throw numbers.fail()
    }
    self.literalEnds = literalEnds
    self.phrases = readPhrases
    self.operations = operations
    self.columns = columns
  }

  /// Where the bytes of a literal lie in ``text``.
  @inline(__always)
  func literal(_ number: Int) -> Range<Int> {
    (number == 0 ? 0 : Int(literalEnds[number - 1]))..<Int(literalEnds[number])
  }

  /// Where the operations of a phrase lie in ``operations``.
  @inline(__always)
  func phrase(_ number: Int) -> Range<Int> {
    (number == 0 ? 0 : Int(phrases[number - 1].end))..<Int(phrases[number].end)
  }
}
