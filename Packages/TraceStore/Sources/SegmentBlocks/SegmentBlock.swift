public import XRayModel

/// Seals segment documents into a block: many documents that were sent by the same code, in a tenth of their bytes.
///
/// A block is written once and never changed. What is read back is, byte for byte, what was given.
public enum SegmentBlock {
  /// Most documents in one block. 1,024 to 4,096 are a good size.
  public static let documentLimit = 1 << 16
  /// Longest document, in bytes. X-Ray's own limit is 64 KB.
  public static let documentLengthLimit = 1 << 20

  /// A chunk ends at the end of a trace when it has so many documents or bytes, ...
  static let chunkDocuments = 64
  static let chunkLength = 192 << 10
  /// ... and in the midst of one when it has so many.
  static let chunkDocumentLimit = 512
  /// No chunk is longer than this and a document.
  static let chunkLengthLimit = 3 << 20

  /// Encodes documents.
  ///
  /// - Parameters:
  ///   - documents: In the order in which they came.
  ///   - order: The documents' numbers in the order in which the block is to hold them, each once. Sorted by trace,
  ///     a trace is read by decoding only the chunk it lies in. `nil` keeps the order in which they came.
  /// - Throws: ``BlockError`` when there are too many documents, one is too long, or `order` is no permutation.
  public static func encode(_ documents: DocumentBatch, order: [Int]? = nil) throws(BlockError) -> EncodedBlock {
    guard documents.count <= documentLimit else { throw BlockError(.tooManyDocuments, at: documents.count) }
    for index in 0..<documents.count where documents.range(of: index).count > documentLengthLimit {
      throw BlockError(.documentTooLong, at: index)
    }
    guard documents.bytes.count <= Int(UInt32.max) else { throw BlockError(.tooManyDocuments, at: documents.count) }
    let positions = order ?? Array(0..<documents.count)
    try checkPermutation(positions, of: documents.count)
    let block = BlockWriter.write(documents, positions, hasOrder: order != nil)
    // Nothing is believed to be stored that was not read back.
    let changed = changedDocuments(in: block, documents, positions)
    guard !changed.isEmpty else { return block }
    return BlockWriter.write(documents, positions, hasOrder: order != nil, raw: changed)
  }

  /// The places of the documents that do not come back from a block as they were given.
  static func changedDocuments(in block: EncodedBlock, _ documents: DocumentBatch, _ order: [Int]) -> Set<Int> {
    guard let reader = try? BlockReader(block.bytes), reader.count == order.count else { return Set(order.indices) }
    var changed: Set<Int> = []
    documents.bytes.withUnsafeBufferPointer { source in
      func compare(_ copies: borrowing ChunkReader, _ first: Int) {
        let bytes = copies.allBytes
        for index in 0..<copies.count {
          let range = documents.range(of: order[first + index])
          let copy = copies.range(of: index)
          guard range.count == copy.count else {
            changed.insert(first + index)
            continue
          }
          guard let a = source.baseAddress, let b = bytes.baseAddress, range.count > 0 else { continue }
          let isSame = equalBytes(
            a + range.lowerBound, b.assumingMemoryBound(to: UInt8.self) + copy.lowerBound, range.count)
          if !isSame { changed.insert(first + index) }
        }
      }
      // Where one chunk cannot be read, the others still can.
      if (try? reader.read(0..<reader.count, to: compare)) != nil { return }
      changed = []
      for places in reader.chunkRanges where (try? reader.read(places, to: compare)) == nil {
        changed.formUnion(places)
      }
    }
    return changed
  }

  private static func checkPermutation(_ order: [Int], of count: Int) throws(BlockError) {
    guard order.count == count else { throw BlockError(.notAPermutation, at: order.count) }
    var isNamed = [Bool](repeating: false, count: count)
    for (position, document) in order.enumerated() {
      guard isNamed.indices.contains(document), !isNamed[document] else {
        throw BlockError(.notAPermutation, at: position)
      }
      isNamed[document] = true
    }
  }
}

/// A block, ready to be stored.
public struct EncodedBlock: Sendable {
  public var bytes: [UInt8]
  public var statistics: BlockStatistics
}

/// Where the bytes of a block go.
public struct BlockStatistics: Hashable, Sendable {
  public init() {}

  public var documents = 0
  /// Documents that had to be kept as they are.
  public var rawDocuments = 0
  public var chunks = 0
  /// Phrases and literals in the dictionary.
  public var phrases = 0
  public var literals = 0
  /// Bytes of the documents.
  public var length = 0
  /// Bytes of the block.
  public var stored: Int {
    header + templates + skeleton + text + (ids + references + times + numbers + random) / 8 + arrival
  }

  /// Bytes: header and checksums; the dictionary; which phrases make up the documents; texts and raw documents;
  /// the order of arrival.
  public var header = 0
  public var templates = 0
  public var skeleton = 0
  public var text = 0
  public var arrival = 0
  /// Bits: new ids of entities and traces; references to earlier ones; times; integers in texts; UUIDs and other
  /// random runs in texts.
  public var ids = 0
  public var references = 0
  public var times = 0
  public var numbers = 0
  public var random = 0
}
