import Testing
import XRayModel

@testable import SegmentBlocks

@Suite struct `A damaged block` {
  /// Enough for two chunks.
  static let count = 80
  let documents: DocumentBatch
  let block: [UInt8]

  init() throws {
    var maker = DocumentMaker(seed: 21)
    documents = DocumentBatch((0..<Self.count).map { _ in maker.document() })
    block = try SegmentBlock.encode(documents, order: maker.permutation(Self.count)).bytes
  }

  private func error(of bytes: [UInt8]) -> BlockError? {
    do throws(BlockError) {
      try BlockReader(bytes).check()
      return nil
    } catch {
      return error
    }
  }

  @Test func `is found out by its checksums, whichever bit is flipped`() {
    #expect(error(of: block) == nil)
    for place in block.indices {
      var bytes = block
      bytes[place] ^= 1 << UInt8(place % 8)
      #expect(error(of: bytes) != nil, "byte \(place)")
    }
  }

  @Test func `is found out wherever it ends, and when it does not`() {
    for length in stride(from: 0, to: block.count, by: 3) {
      #expect(error(of: Array(block[..<length])) != nil, "\(length) bytes")
    }
    #expect(error(of: block + [0]) != nil)
  }

  @Test func `is told from what is no block, and from blocks of another version`() {
    #expect(error(of: Array("SQLite format 3, and on".utf8)) == BlockError(.notABlock, at: 0))
    var bytes = block
    bytes[4] = 2
    #expect(error(of: bytes) == BlockError(.unknownVersion, at: 4))
    #expect(error(of: Array(block.dropLast()))?.reason == .truncated)
    bytes = block
    bytes[block.count - 1] ^= 0x80
    #expect(error(of: bytes)?.reason == .checksum)
  }

  /// What stands behind the checksums: the decoder itself, fed with anything.
  @Test(arguments: 0..<4)
  func `never makes the reader fail otherwise than by an error, even when its checksums match`(part: Int) throws {
    let random = RandomSource(seed: UInt64(300 + part))
    var errors = 0
    for round in 0..<300 {
      var bytes = block
      for _ in 0...Int(random.next() % 4) {
        let place = Int(random.next() % UInt64(round % 3 == 0 ? 300 : bytes.count))
        bytes[place] = random.next() % 3 == 0 ? UInt8(truncatingIfNeeded: random.next()) : bytes[place] ^ 1
      }
      do throws(BlockError) {
        let reader = try BlockReader(bytes, checked: false)
        try reader.check()
        _ = try reader.documentsByArrival()
      } catch {
        errors += 1
      }
    }
    #expect(errors > 0)
  }

  /// Damage inside what is deflated, where flipped bits of the block hardly ever reach.
  @Test(arguments: 0..<4)
  func `never makes the reader fail when its streams are of nonsense`(part: Int) throws {
    let random = RandomSource(seed: UInt64(400 + part))
    var errors = 0
    for _ in 0..<200 {
      let bytes = try Self.reassembled(block, part: Int(random.next() % 4)) { stream in
        for _ in 0...Int(random.next() % 3) {
          let place = Int(random.next() % UInt64(stream.count))
          stream[place] = random.next() % 2 == 0 ? UInt8(truncatingIfNeeded: random.next() % 40) : stream[place] &+ 1
        }
      }
      do throws(BlockError) {
        let reader = try BlockReader(bytes, checked: false)
        try reader.check()
      } catch {
        errors += 1
      }
    }
    #expect(errors > 0)
  }

  @Test func `is read when it is put together again as it was`() throws {
    for part in 0..<3 {
      let bytes = try Self.reassembled(block, part: part) { _ in }
      #expect(try BlockReader(bytes, checked: false).documentsByArrival().bytes == documents.bytes)
    }
  }

  /// The block with its dictionary, as part 0, or one of its chunks inflated, changed and deflated again.
  static func reassembled(_ block: [UInt8], part: Int, _ change: (inout [UInt8]) -> Void) throws -> [UInt8] {
    try block.withUnsafeBytes { block in
      var header = try BlockHeader(reading: block, of: block.count, checked: true)
      let sizes = [header.dictionary.stored, header.arrival.stored] + header.chunks.map(\.stored)
      var sections: [[UInt8]] = []
      var start = header.length
      for size in sizes {
        sections.append(Array(block[start..<start + size]))
        start += size
      }
      let literals = try sections[0].withUnsafeBytes { try BlockDictionary(reading: $0, at: 0).text }
      let chunk = part == 0 ? nil : (part - 1) % header.chunks.count
      let section = chunk.map { $0 + 2 } ?? 0
      sections[section] = try sections[section].withUnsafeBytes { section in
        var reader = ByteReader(section, at: 0)
        var numbers: [Int] = []
        for _ in 0..<(chunk == nil ? 4 : 3) { numbers.append(try reader.count(limit: 1 << 30)) }
        let stream = try reader.slice(chunk == nil ? reader.remaining : numbers[2])
        let rest = try reader.slice(reader.remaining)
        return try literals.withUnsafeBytes { literals in
          let known = chunk == nil || numbers[1] == 0 ? literals[..<0] : literals.suffix(BlockDictionary.window)
          let count = chunk == nil ? numbers.reduce(0, +) : numbers[0] + numbers[1]
          var bytes = try #require(inflate(stream, count: count, knowing: UnsafeRawBufferPointer(rebasing: known)))
          change(&bytes)
          let deflated = Deflater().deflate([bytes], knowing: UnsafeRawBufferPointer(rebasing: known)).bytes
          if chunk != nil { numbers[2] = deflated.count }
          var result: [UInt8] = []
          for number in numbers { result.append(varint: number) }
          return result + deflated + rest
        }
      }
      if let chunk { header.chunks[chunk].stored = sections[section].count }
      if chunk == nil { header.dictionary.stored = sections[section].count }
      return header.bytes + sections.flatMap { $0 }
    }
  }
}
