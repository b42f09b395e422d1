public import XRayModel

/// Reads documents out of a block.
///
/// What a read needs is checked against its checksums when it is needed: the header and the dictionary at once, each
/// chunk when a document of it is read. ``check()`` reads everything.
///
/// A reader may be kept and used from several places at once: it holds the block's bytes and the inflated dictionary, and
/// no other memory between two reads. Where many single traces are read, opening a block once saves most of the work.
public struct BlockReader: Sendable {
  private let bytes: [UInt8]
  let header: BlockHeader
  let dictionary: BlockDictionary
  /// For each chunk, the number of its first document and where it lies in ``bytes``; then the ends of the last one.
  private let firstDocuments: [Int]
  let offsets: [Int]
  /// The chunks that are at hand.
  private let chunks: Range<Int>
  private let hasArrival: Bool
  private let isChecked: Bool

  /// Number of documents.
  public let count: Int
  /// How many of them the block holds as they are.
  public var rawCount: Int { header.rawDocuments }

  /// Opens a block. The header and the dictionary must be sound; nothing else is looked at.
  public init(_ bytes: [UInt8]) throws(BlockError) {
    try self.init(bytes, checked: true)
  }

  /// Without `checked`, no checksum is looked at: the checks that stand behind them can be tested.
  init(_ bytes: [UInt8], checked: Bool) throws(BlockError) {
    let header = try bytes.reading { buffer throws(BlockError) in
      try BlockHeader(reading: buffer, of: buffer.count, checked: checked)
    }
    try self.init(bytes, header, chunks: header.chunks.indices, hasArrival: true, checked: checked)
  }

  /// Opens a part of a block: what other documents need is as good as missing.
  ///
  /// - Parameters:
  ///   - bytes: The first bytes, ``BlockOutline/opening``, followed by those at ``BlockOutline/bytes(holding:)``.
  ///   - places: The documents that the latter were asked for.
  public init(_ bytes: [UInt8], _ outline: BlockOutline, holding places: Range<Int>) throws(BlockError) {
    let chunks = outline.chunks(holding: places)
    try self.init(bytes, outline.header, chunks: chunks, hasArrival: false, checked: true)
  }

  private init(
    _ bytes: [UInt8], _ header: BlockHeader, chunks: Range<Int>, hasArrival: Bool, checked: Bool
  ) throws(BlockError) {
    self.bytes = bytes
    self.header = header
    self.chunks = chunks
    self.hasArrival = hasArrival
    isChecked = checked
    dictionary = try bytes.reading { buffer throws(BlockError) in
      let range = header.length..<header.length + header.dictionary.stored
      guard range.upperBound <= buffer.count else { throw BlockError(.truncated, at: buffer.count) }
      let section = UnsafeRawBufferPointer(rebasing: buffer[range])
      guard !checked || checksum(section) == header.dictionary.checksum else {
        throw BlockError(.checksum, at: range.lowerBound)
      }
      return try BlockDictionary(reading: section, at: range.lowerBound)
    }
    var firstDocuments = [0]
    var offsets = [header.length + header.dictionary.stored + (hasArrival ? header.arrival.stored : 0)]
    for (index, chunk) in header.chunks.enumerated() {
      firstDocuments.append(firstDocuments[index] + chunk.documents)
      offsets.append(offsets[index] + (chunks.contains(index) ? chunk.stored : 0))
    }
    self.firstDocuments = firstDocuments
    self.offsets = offsets
    count = firstDocuments[header.chunks.count]
    guard offsets[header.chunks.count] <= bytes.count else { throw BlockError(.truncated, at: bytes.count) }
  }

  /// One document, by its place in the block.
  public func document(at index: Int) throws(BlockError) -> [UInt8] {
    guard index >= 0, index < count else { throw BlockError(.noSuchDocument, at: index) }
    return try documents(in: index..<index + 1).bytes
  }

  /// The documents at these places of the block; decodes only the chunks that they lie in.
  public func documents(in range: Range<Int>) throws(BlockError) -> DocumentBatch {
    guard range.lowerBound >= 0, range.upperBound <= count else {
      throw BlockError(.noSuchDocument, at: range.upperBound)
    }
    var batch = DocumentBatch()
    guard !range.isEmpty else { return batch }
    let first = chunk(of: range.lowerBound)
    if range.upperBound > firstDocuments[first + 1] {
      // Reading to the end of the range at once spares growing.
      let chunks = header.chunks[first...chunk(of: range.upperBound - 1)]
      // What the header claims is not believed without bytes that could stand for it.
      let length = chunks.reduce(0) { $0 + $1.length }
      batch.reserveCapacity(documents: range.count, bytes: min(length, bytes.count * 64))
    }
    try read(range) { chunk, _ in
      for index in 0..<chunk.count {
        batch.append(copying: UnsafeRawBufferPointer(rebasing: chunk.allBytes[chunk.range(of: index)]))
      }
    }
    return batch
  }

  /// All documents, in the block's order.
  public func documents() throws(BlockError) -> DocumentBatch { try documents(in: 0..<count) }

  /// For each document, in the block's order, its number in the order in which they came.
  public func arrival() throws(BlockError) -> [Int] {
    let section = header.arrival
    guard section.stored > 0 else { return Array(0..<count) }
    guard hasArrival else { throw BlockError(.truncated, at: header.length + header.dictionary.stored) }
    let start = header.length + header.dictionary.stored
    return try bytes.reading { buffer throws(BlockError) in
      let bytes = UnsafeRawBufferPointer(rebasing: buffer[start..<start + section.stored])
      guard !isChecked || checksum(bytes) == section.checksum else { throw BlockError(.checksum, at: start) }
      return try Self.permutation(of: count, bytes, at: start)
    }
  }

  /// All documents, in the order in which they came.
  public func documentsByArrival() throws(BlockError) -> DocumentBatch {
    let arrival = try arrival()
    var places = arrival
    for (place, document) in arrival.enumerated() { places[document] = place }
    let documents = try documents()
    var batch = DocumentBatch()
    batch.reserveCapacity(documents: count, bytes: documents.bytes.count)
    documents.bytes.withUnsafeBytes { bytes in
      for place in places {
        batch.append(copying: UnsafeRawBufferPointer(rebasing: bytes[documents.range(of: place)]))
      }
    }
    return batch
  }

  /// Reads everything and keeps nothing; throws what is wrong first.
  public func check() throws(BlockError) {
    _ = try arrival()
    try read(0..<count) { _, _ in }
  }

  /// The places of the documents of each chunk.
  var chunkRanges: [Range<Int>] { header.chunks.indices.map { firstDocuments[$0]..<firstDocuments[$0 + 1] } }

  /// The chunk in which a document lies.
  private func chunk(of document: Int) -> Int {
    var low = 0
    var high = header.chunks.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if firstDocuments[middle] <= document { low = middle } else { high = middle }
    }
    return low
  }

  /// Reads the documents at these places, chunk by chunk; with what was read of a chunk, `consume` gets the place of the
  /// first document.
  func read(
    _ range: Range<Int>, to consume: (borrowing ChunkReader, _ first: Int) throws(BlockError) -> Void
  ) throws(BlockError) {
    guard !range.isEmpty else { return }
    try bytes.reading { buffer throws(BlockError) in
      try dictionary.reading { view throws(BlockError) in
        var reader = ChunkReader(view)
        var index = chunk(of: range.lowerBound)
        while index < header.chunks.count, firstDocuments[index] < range.upperBound {
          let first = firstDocuments[index]
          let part = range.clamped(to: first..<firstDocuments[index + 1])
          try read(part.lowerBound - first..<part.upperBound - first, ofChunk: index, buffer, &reader)
          try consume(reader, part.lowerBound)
          index += 1
        }
      }
    }
  }

  private func read(
    _ range: Range<Int>, ofChunk index: Int, _ buffer: UnsafeRawBufferPointer, _ reader: inout ChunkReader
  ) throws(BlockError) {
    guard chunks.contains(index) else { throw BlockError(.truncated, at: offsets[index]) }
    let header = header.chunks[index]
    let section = UnsafeRawBufferPointer(rebasing: buffer[offsets[index]..<offsets[index + 1]])
    guard !isChecked || checksum(section) == header.checksum else { throw BlockError(.checksum, at: offsets[index]) }
    try reader.read(range, of: section, at: offsets[index], header)
  }

  private static func permutation(
    of count: Int, _ bytes: UnsafeRawBufferPointer, at origin: Int
  ) throws(BlockError) -> [Int] {
    var reader = ByteReader(bytes, at: origin)
    let column = try NumberColumn(reading: &reader)
    let start = origin + reader.position
    var bits = BitReader(try reader.slice(reader.remaining), at: start)
    var isNamed = [Bool](repeating: false, count: count)
    var order: [Int] = []
    order.reserveCapacity(count)
    var document: Int64 = 0
    for _ in 0..<count {
      document &+= column.difference(try bits.golomb(order: Int(column.order)))
      guard document >= 0, document < Int64(count), !isNamed[Int(document)] else { throw bits.fail() }
      isNamed[Int(document)] = true
      order.append(Int(document))
    }
    guard bits.isAtEnd else { throw bits.fail() }
    return order
  }
}
