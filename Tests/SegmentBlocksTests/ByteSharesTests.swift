import Testing
import XRayModel

@testable import SegmentBlocks

@Suite struct `The shares of a block's bytes` {
  private func expectShares(_ block: EncodedBlock, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let shares = try SegmentBlock.byteShares(of: block.bytes)
    let statistics = block.statistics
    #expect(shares.total == block.bytes.count, sourceLocation: sourceLocation)
    #expect(shares.ids == statistics.ids / 8, sourceLocation: sourceLocation)
    #expect(shares.times == statistics.times / 8, sourceLocation: sourceLocation)
    #expect(shares.references == statistics.references / 8, sourceLocation: sourceLocation)
    #expect(shares.numbers == statistics.numbers / 8, sourceLocation: sourceLocation)
    #expect(shares.random == statistics.random / 8, sourceLocation: sourceLocation)
    #expect(shares.dictionary == statistics.templates && shares.arrival == statistics.arrival)
    #expect(shares.shapes + shares.texts == statistics.skeleton + statistics.text, sourceLocation: sourceLocation)
    #expect(abs(shares.texts - statistics.text) <= 2 * statistics.chunks, sourceLocation: sourceLocation)
    #expect(shares.checksums == 4 * (statistics.chunks + 3), sourceLocation: sourceLocation)
    // Three lengths and a byte that is filled, for each chunk, besides the header; and bits rounded down.
    let header = 20 + 12 * statistics.chunks
    #expect(shares.framing >= header && shares.framing <= header + 13 * statistics.chunks + 5)
  }

  @Test(arguments: [1, 40, 700]) func `add up to its size, and are those that the encoder counted`(count: Int) throws {
    var maker = DocumentMaker(seed: 31)
    let documents = DocumentBatch((0..<count).map { _ in maker.document() })
    try expectShares(try SegmentBlock.encode(documents, order: maker.permutation(count)))
    try expectShares(try SegmentBlock.encode(documents))
  }

  @Test func `are told of an empty block, and of one whose documents are all kept as they are`() throws {
    try expectShares(try SegmentBlock.encode(DocumentBatch()))
    try expectShares(try SegmentBlock.encode(batch(["\u{0}", "\"", "{\"a\":\"\u{0}\"}"])))
  }

  @Test func `are not told of a damaged block`() throws {
    var block = try SegmentBlock.encode(batch(["{}", "[1]"])).bytes
    block[block.count - 1] ^= 1
    #expect(throws: BlockError.self) { try SegmentBlock.byteShares(of: block) }
  }
}
