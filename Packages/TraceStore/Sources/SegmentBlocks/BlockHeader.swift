/// The start of a block: what is in it, where, and the checksums of all that follows.
struct BlockHeader {
  struct Chunk {
    var documents: Int
    /// Bytes of the documents as they were sent.
    var length: Int
    /// Bytes in the block.
    var stored: Int
    var checksum: UInt32
  }
  /// A part that the whole block has in common.
  struct Section {
    var stored = 0
    var checksum: UInt32 = 0
  }
  var dictionary = Section()
  /// The order in which the documents came; empty when they lie in that order.
  var arrival = Section()
  var rawDocuments = 0
  var chunks: [Chunk] = []

  /// `FXSB`
  static let magic: UInt32 = 0x4253_5846
  static let version: UInt32 = 1
  static let fixedLength = 32
  static let chunkLength = 16

  /// Bytes of the header, its own checksum included.
  var length: Int { Self.fixedLength + chunks.count * Self.chunkLength + 4 }

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(length)
    bytes.append(uint32: Self.magic)
    bytes.append(uint32: Self.version)
    bytes.append(uint32: UInt32(chunks.count))
    bytes.append(uint32: UInt32(rawDocuments))
    for section in [dictionary, arrival] {
      bytes.append(uint32: UInt32(section.stored))
      bytes.append(uint32: section.checksum)
    }
    for chunk in chunks {
      bytes.append(uint32: UInt32(chunk.documents))
      bytes.append(uint32: UInt32(chunk.length))
      bytes.append(uint32: UInt32(chunk.stored))
      bytes.append(uint32: chunk.checksum)
    }
    bytes.append(uint32: bytes.withUnsafeBytes { SegmentBlocks.checksum($0) })
    return bytes
  }

  /// Bytes of the header that begins with these, ``fixedLength`` of them.
  static func length(startingWith bytes: UnsafeRawBufferPointer) throws(BlockError) -> Int {
    var reader = ByteReader(bytes, at: 0)
    guard try reader.uint32() == magic else { throw BlockError(.notABlock, at: 0) }
    guard try reader.uint32() == version else { throw BlockError(.unknownVersion, at: 4) }
    let count = Int(try reader.uint32())
    guard count <= SegmentBlock.documentLimit else { throw BlockError(.malformed, at: 8) }
    return fixedLength + count * chunkLength + 4
  }

  /// Reads and checks the header of a block.
  ///
  /// - Parameters:
  ///   - bytes: The block's first bytes, the whole header at least.
  ///   - total: Bytes of the whole block.
  init(reading bytes: UnsafeRawBufferPointer, of total: Int, checked: Bool) throws(BlockError) {
    var reader = ByteReader(bytes, at: 0)
    guard try reader.uint32() == Self.magic else { throw BlockError(.notABlock, at: 0) }
    guard try reader.uint32() == Self.version else { throw BlockError(.unknownVersion, at: 4) }
    let count = Int(try reader.uint32())
    guard count <= SegmentBlock.documentLimit else { throw BlockError(.malformed, at: 8) }
    rawDocuments = Int(try reader.uint32())
    dictionary = Section(stored: Int(try reader.uint32()), checksum: try reader.uint32())
    arrival = Section(stored: Int(try reader.uint32()), checksum: try reader.uint32())
    guard reader.remaining >= count * Self.chunkLength + 4 else { throw BlockError(.truncated, at: bytes.count) }
    var documents = 0
    var stored = dictionary.stored + arrival.stored
    for _ in 0..<count {
      let chunk = Chunk(
        documents: Int(try reader.uint32()), length: Int(try reader.uint32()), stored: Int(try reader.uint32()),
        checksum: try reader.uint32())
      guard chunk.documents > 0, chunk.length <= SegmentBlock.chunkLengthLimit else { throw reader.fail() }
      documents += chunk.documents
      stored += chunk.stored
      chunks.append(chunk)
    }
    let end = reader.position
    let sum = SegmentBlocks.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
    guard try reader.uint32() == sum || !checked else { throw BlockError(.checksum, at: end) }
    guard documents <= SegmentBlock.documentLimit else { throw BlockError(.malformed, at: 8) }
    let rest = total - reader.position
    guard stored <= rest else { throw BlockError(.truncated, at: total) }
    guard stored == rest else { throw BlockError(.malformed, at: length + stored) }
  }

  init() {}
}
