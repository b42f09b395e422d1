/// Where the bytes of a block go. All counts are bytes, at least 0; together they are the block's size.
public struct BlockByteShares: Hashable, Sendable {
  /// New ids of entities and traces.
  public var ids = 0
  public var times = 0
  /// Ids and UUIDs that came before: how long ago.
  public var references = 0
  /// Integers in texts.
  public var numbers = 0
  /// UUIDs and other runs in texts that look random.
  public var random = 0
  /// Texts that are left over, and documents kept as they are, deflated.
  public var texts = 0
  /// Which phrases make up the documents, deflated.
  public var shapes = 0
  /// What the documents have in common, deflated.
  public var dictionary = 0
  /// The order in which the documents came.
  public var arrival = 0
  public var checksums = 0
  /// The header without its checksums, lengths, and bits that fill a byte.
  public var framing = 0

  public init() {}

  public var total: Int {
    ids + times + references + numbers + random + texts + shapes + dictionary + arrival + checksums + framing
  }
}

extension SegmentBlock {
  /// Where the bytes of a block go. What is counted in bits is rounded down, once for the whole block.
  ///
  /// - Throws: ``BlockError`` when the block cannot be read.
  public static func byteShares(of block: [UInt8]) throws(BlockError) -> BlockByteShares {
    let reader = try BlockReader(block)
    var shares = BlockByteShares()
    shares.dictionary = reader.header.dictionary.stored
    shares.arrival = reader.header.arrival.stored
    // Of the header, the dictionary, the arrival and each chunk.
    shares.checksums = 4 * (3 + reader.header.chunks.count)
    var bits = BitShares()
    try block.reading { block throws(BlockError) in
      try reader.dictionary.reading { dictionary throws(BlockError) in
        for (index, chunk) in reader.header.chunks.enumerated() {
          let section = UnsafeRawBufferPointer(rebasing: block[reader.offsets[index]..<reader.offsets[index + 1]])
          try bits.add(section, at: reader.offsets[index], chunk, dictionary, &shares)
        }
      }
    }
    shares.ids = bits.ids / 8
    shares.times = bits.times / 8
    shares.references = bits.references / 8
    shares.numbers = bits.numbers / 8
    shares.random = bits.random / 8
    shares.framing = block.count - shares.total
    return shares
  }
}

/// Counts the bits of values. How many they are depends on operations and columns, not on what is predicted.
private struct BitShares {
  var ids = 0
  var times = 0
  var references = 0
  var numbers = 0
  var random = 0

  mutating func add(
    _ bytes: UnsafeRawBufferPointer, at origin: Int, _ header: BlockHeader.Chunk,
    _ dictionary: BlockDictionary.View, _ shares: inout BlockByteShares
  ) throws(BlockError) {
    guard checksum(bytes) == header.checksum else { throw BlockError(.checksum, at: origin) }
    var reader = ByteReader(bytes, at: origin)
    let skeletonCount = try reader.count(limit: header.length * 8 + header.documents * 8)
    let textCount = try reader.count(limit: header.length * 2)
    let deflated = try reader.slice(try reader.count(limit: bytes.count))
    var bits = BitReader(try reader.slice(reader.remaining), at: origin + bytes.count - reader.remaining)
    let known = textCount == 0 ? .init(start: nil, count: 0) : dictionary.known
    guard let streams = inflate(deflated, count: skeletonCount + textCount, knowing: known) else { throw reader.fail() }
    // What the streams take one by one: the skeleton's part ends where all of it has been inflated.
    var inflater = Inflater()
    let shapes = inflater.taken(deflated, for: skeletonCount, knowing: known)
    shares.shapes += shapes
    shares.texts += deflated.count - shapes
    try streams.reading { streams throws(BlockError) in
      var skeleton = ByteReader(UnsafeRawBufferPointer(rebasing: streams[..<skeletonCount]), at: origin)
      while skeleton.remaining > 0 {
        let symbol = try skeleton.varint()
        if symbol == 0 {
          _ = try skeleton.varint()
        } else if symbol == 1 {
          for _ in 0..<(try skeleton.count(limit: skeleton.remaining)) {
            let operation = try Operation(reading: &skeleton, literals: dictionary.literalCount)
            if operation.kind == .word { _ = try skeleton.varint() }
            try add(operation, .plain(operation.kind), &bits)
          }
        } else {
          guard let phrase = dictionary.phrase(symbol - 2) else { throw skeleton.fail() }
          var operations = dictionary.reader(from: phrase.start, at: origin)
          var columns = dictionary.reader(from: phrase.columnStart, at: origin)
          for _ in 0..<phrase.count {
            let operation = try Operation(reading: &operations, literals: dictionary.literalCount)
            if operation.kind == .word { _ = try skeleton.varint() }
            try add(operation, operation.isNumber ? NumberColumn(reading: &columns) : .plain(operation.kind), &bits)
          }
        }
      }
    }
  }

  private mutating func add(
    _ operation: Operation, _ column: NumberColumn, _ bits: inout BitReader
  ) throws(BlockError) {
    let before = bits.position
    switch operation.kind {
    case .id: _ = try bits.read(64)
    case .trace:
      _ = try bits.golomb(order: 6)
      _ = try bits.read(32)
      _ = try bits.read(64)
    case .uuid:
      _ = try bits.read(64)
      _ = try bits.read(64)
    case .packed:
      let width = Alphabet(rawValue: operation.argument & 3)?.bits ?? 0
      for _ in 0..<Int(operation.argument >> 2) { _ = try bits.read(width) }
    case .idReference, .uuidReference, .integer, .digits, .time: _ = try bits.golomb(order: Int(column.order))
    case .end, .word, .text, .traceAgain, .literal: break
    }
    let count = bits.position - before
    switch operation.kind {
    case .id, .trace: ids += count
    case .uuid, .packed: random += count
    case .time: times += count
    case .idReference, .uuidReference: references += count
    default: numbers += count
    }
  }
}
