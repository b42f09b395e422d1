import Testing
import XRayModel

@testable import SegmentBlocks

@Suite struct `Reading a block` {
  /// 900 documents of 90 traces, sent in turns.
  static func traces() -> (documents: DocumentBatch, order: [Int]) {
    let random = RandomSource(seed: 3)
    let start = Timestamp(seconds: Int64(1_700_000_000))
    let traces = (0..<90).map { random.traceID(at: start.advanced(by: .seconds($0 / 10))) }
    let documents = batch(
      (0..<900).map { number in
        #"{"trace_id":"\#(traces[number % 90])","id":"\#(random.entityID())","name":"n\#(number % 7)"}"#
      })
    return (documents, (0..<900).sorted { (traces[$0 % 90], $0) < (traces[$1 % 90], $1) })
  }

  @Test func `gives the order in which documents came, and takes few bytes for it`() throws {
    let (documents, order) = Self.traces()
    let block = try expectRoundTrip(documents, order: order)
    #expect(block.statistics.arrival < documents.count * 2)
    #expect(try expectRoundTrip(documents).statistics.arrival == 0)
    try expectRoundTrip(documents, order: order.reversed())
  }

  @Test func `gives each range of documents, across chunks too`() throws {
    let (documents, order) = Self.traces()
    let block = try SegmentBlock.encode(documents, order: order)
    let reader = try BlockReader(block.bytes)
    #expect(reader.chunkRanges.count > 5)
    for place in stride(from: 0, to: 900, by: 7) {
      #expect(try reader.document(at: place) == Array(documents[order[place]]))
      for length in [0, 1, 10, 150] where place + length <= 900 {
        let part = try reader.documents(in: place..<place + length)
        #expect(part.bytes == order[place..<place + length].flatMap { Array(documents[$0]) })
      }
    }
  }

  @Test func `decodes one chunk for one trace`() throws {
    let (documents, order) = Self.traces()
    var block = try SegmentBlock.encode(documents, order: order)
    let chunks = try BlockReader(block.bytes).chunkRanges
    for chunk in chunks { #expect(chunk.lowerBound % 10 == 0, "a trace lies in two chunks") }
    // Damage in another chunk goes unseen.
    block.bytes[block.bytes.count - 1] ^= 1
    let reader = try BlockReader(block.bytes)
    for place in stride(from: 0, to: chunks[chunks.count - 1].lowerBound, by: 10) {
      #expect(try reader.documents(in: place..<place + 10).count == 10)
    }
    #expect(throws: BlockError.self) { try reader.document(at: 899) }
    #expect(throws: BlockError.self) { try reader.check() }
  }

  @Test func `refuses documents that are not there`() throws {
    let reader = try BlockReader(try SegmentBlock.encode(batch(["{}", "[]"])).bytes)
    #expect(throws: BlockError(.noSuchDocument, at: 2)) { try reader.document(at: 2) }
    #expect(throws: BlockError(.noSuchDocument, at: -1)) { try reader.document(at: -1) }
    #expect(throws: BlockError(.noSuchDocument, at: 3)) { try reader.documents(in: 1..<3) }
  }

  @Test func `is not asked for what no block may hold`() throws {
    #expect(throws: BlockError(.notAPermutation, at: 1)) { try SegmentBlock.encode(batch(["1", "2"]), order: [0, 0]) }
    #expect(throws: BlockError(.notAPermutation, at: 0)) { try SegmentBlock.encode(batch(["1", "2"]), order: [2, 0]) }
    #expect(throws: BlockError(.notAPermutation, at: 1)) { try SegmentBlock.encode(batch(["1", "2"]), order: [0]) }
    let long = DocumentBatch([[1], [UInt8](repeating: 0x20, count: SegmentBlock.documentLengthLimit + 1)])
    #expect(throws: BlockError(.documentTooLong, at: 1)) { try SegmentBlock.encode(long) }
    let many = DocumentBatch([[UInt8]](repeating: [], count: SegmentBlock.documentLimit + 1))
    #expect(throws: BlockError(.tooManyDocuments, at: many.count)) { try SegmentBlock.encode(many) }
  }

  @Test func `has the same bytes whenever the same is written`() throws {
    let (documents, order) = Self.traces()
    let first = try SegmentBlock.encode(documents, order: order)
    #expect(try SegmentBlock.encode(documents, order: order).bytes == first.bytes)
  }
}

@Suite struct `Parts of a block` {
  private let documents: DocumentBatch = {
    let random = RandomSource(seed: 8)
    return batch(
      (0..<1000).map { #"{"id":"\#(random.entityID())","name":"n\#($0 % 7)","start_time":1700000000.\#($0)}"# })
  }()

  @Test(arguments: [0..<1, 0..<1000, 63..<65, 500..<501, 999..<1000, 130..<700])
  func `hold the documents that they were asked for, and no others`(places: Range<Int>) throws {
    let block = try SegmentBlock.encode(documents).bytes
    let length = try BlockOutline.headerLength(Array(block.prefix(BlockOutline.startLength)))
    let outline = try BlockOutline(header: Array(block.prefix(length)), blockLength: block.count)
    #expect(outline.count == 1000)
    let part = block[outline.opening] + block[outline.bytes(holding: places)]
    let reader = try BlockReader(Array(part), outline, holding: places)
    let read = try reader.documents(in: places)
    for (offset, place) in places.enumerated() { #expect(read[offset] == documents[place]) }
    if places.count < 200 {
      #expect(part.count < block.count)
      #expect(throws: BlockError.self) { try reader.documents(in: 0..<1000) }
      #expect(throws: BlockError.self) { try reader.check() }
    }
  }

  @Test func `that are cut or altered are refused`() throws {
    let block = try SegmentBlock.encode(documents).bytes
    let length = try BlockOutline.headerLength(Array(block.prefix(BlockOutline.startLength)))
    let outline = try BlockOutline(header: Array(block.prefix(length)), blockLength: block.count)
    let part = Array(block[outline.opening] + block[outline.bytes(holding: 500..<501)])
    for count in [0, 31, length, outline.opening.count, part.count - 1] {
      #expect(throws: BlockError.self) { try BlockReader(Array(part.prefix(count)), outline, holding: 500..<501) }
    }
    for place in stride(from: length, to: part.count, by: 97) {
      var altered = part
      altered[place] ^= 4
      #expect(throws: BlockError.self) {
        try BlockReader(altered, outline, holding: 500..<501).documents(in: 500..<501)
      }
    }
    for size in [0, 5, 11] {
      #expect(throws: BlockError.self) { try BlockOutline.headerLength(Array(block.prefix(size)) + [0xFF]) }
    }
    #expect(throws: BlockError.self) { try BlockOutline(header: Array(block.prefix(length)), blockLength: 5) }
  }
}
