/// Where the parts of a block lie, so that a few documents can be read without the rest.
public struct BlockOutline: Sendable {
  /// As many bytes tell the length of the header.
  public static let startLength = BlockHeader.fixedLength

  let header: BlockHeader

  /// Bytes of the header, the block's first.
  ///
  /// - Parameter start: The first ``startLength`` bytes.
  public static func headerLength(_ start: [UInt8]) throws(BlockError) -> Int {
    try start.reading { buffer throws(BlockError) in try BlockHeader.length(startingWith: buffer) }
  }

  /// Reads and checks a header.
  ///
  /// - Parameters:
  ///   - bytes: The header, and perhaps more.
  ///   - length: Bytes of the whole block.
  public init(header bytes: [UInt8], blockLength length: Int) throws(BlockError) {
    header = try bytes.reading { buffer throws(BlockError) in
      try BlockHeader(reading: buffer, of: length, checked: true)
    }
  }

  /// Number of documents.
  public var count: Int { header.chunks.reduce(0) { $0 + $1.documents } }

  /// The bytes that any read needs: header and dictionary.
  public var opening: Range<Int> { 0..<header.length + header.dictionary.stored }

  /// The bytes of the chunks in which some documents lie; those that the block does not have lie nowhere.
  public func bytes(holding places: Range<Int>) -> Range<Int> {
    let wanted = chunks(holding: places)
    let start = opening.upperBound + header.arrival.stored
    let first = header.chunks[..<wanted.lowerBound].reduce(start) { $0 + $1.stored }
    return first..<header.chunks[wanted].reduce(first) { $0 + $1.stored }
  }

  func chunks(holding places: Range<Int>) -> Range<Int> {
    var document = 0
    var wanted = 0..<0
    for (index, chunk) in header.chunks.enumerated() {
      let documents = document..<document + chunk.documents
      document = documents.upperBound
      guard documents.overlaps(places) else { continue }
      wanted = (wanted.isEmpty ? index : wanted.lowerBound)..<index + 1
    }
    return wanted
  }
}
