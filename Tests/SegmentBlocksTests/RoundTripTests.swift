import Testing
import XRayModel

@testable import SegmentBlocks

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

private let isFull = ProcessInfo.processInfo.environment["FLUORO_FULL"] == "1"

@Suite struct `A sealed block gives back` {
  static let texts: [String] = [
    // Python's SDK: blanks behind colons and commas.
    #"{"id": "70de5b6f19ff9a0a", "name": "orders", "start_time": 1478293361.271, "trace_id": "1-581cf771-a006649127e371903a2de979", "end_time": 1478293361.449, "in_progress": false}"#,
    // Java's SDK: exponents.
    #"{"id":"1fb07842d944e714","start_time":1.499473411677E9,"end_time":1.49947341283E9,"aws":{"request_id":"ac086670-6373-11e7-a174-f31b3397f190"}}"#,
    // The ids of several requests: base 32, base 64, UUID.
    #"{"aws":{"request_id":"MFQ8CGJ3JTDDVVVASUAAJGQ6NJ82F738BOB4KQNSO5AEMVJF66Q9","id_2":"9vKBVKSS2gpGQ4yhlDOMKxJ5q0WZBzqQ0YvJQO6yTa0zmQPYvV0rAw2BMzzc0pV4QJ1ZbwTPxQs=","table_name":"scorekeep-user"}}"#,
    // Indented.
    "{\n    \"trace_id\": \"1-5f29ab21-d4ebf299219a65bd5c31d6da\",\n    \"fault\": true,\n    \"cause\": {\n        \"exceptions\": [\n            {\"id\": \"3e9e11e3ab3fba60\", \"stack\": [{\"line\": 203}, {\"line\": 1373}]}\n        ]\n    }\n}\n",
    // Times that other places write otherwise.
    #"{"start_time":1461096053.37518,"end_time":1461096053.4042600,"a":1461096053,"b":1461096053.0,"c":1461096053.00,"d":14610960530,"e":01461096053.5}"#,
    #"{"start_time":1.461096053E9,"b":1.461096053E+9,"c":1.0E9,"d":1E9,"e":1.4610960530E9,"f":4.294967296E9,"g":4294967295.999999999}"#,
    #"{"trace_id":"1-581CF771-a006649127e371903a2de979","id":"70DE5B6F19FF9A0A","parent_id":"70de5b6f19ff9a0","links":[{"trace_id":"1-581cf771-a006649127e371903a2de97z"}]}"#,
    #"{"text":"\"quoted\" \\ \u0000 \u00e9 é 日本 🚂","empty":"","":"no key","nested":[[[],{}],[""]],"null":null}"#,
    #"{"number":-0,"small":1e-7,"huge":123456789012345678901234567890,"zeros":"000123","one":"0","many":"00000000000000000000000"}"#,
    "", " ", "{}", "[]", "null", "\"", "{\"", "\\", "{\"a\":\"\\", "\u{0}", "{\"a\":\"\u{0}\"}", "{\"a\"\u{0}:1}",
    "1-1-1", "-", "--5",
    "{\"format\": \"json\", \"version\": 1}\n{\"id\":\"70de5b6f19ff9a0a\"}", "\u{FEFF}{}", "\r\n\t", ",,,,", "[1,2,,3]",
  ]

  @Test(arguments: [1, 2, 3, 9])
  func `documents of every shape, however often they occur`(times: Int) throws {
    try expectRoundTrip(batch((0..<times).flatMap { _ in Self.texts }))
    for text in Self.texts { try expectRoundTrip(batch([String](repeating: text, count: times))) }
  }

  @Test func `bytes that are not text`() throws {
    let random = RandomSource(seed: 7)
    let documents = (0..<300).map { length in
      (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }
    let block = try expectRoundTrip(DocumentBatch(documents))
    #expect(block.statistics.rawDocuments > 0)
  }

  @Test func `nothing when there is nothing`() throws {
    let block = try expectRoundTrip(DocumentBatch())
    #expect(try BlockReader(block.bytes).documents().isEmpty)
    try BlockReader(block.bytes).check()
  }

  /// Blocks of many sizes; small documents, so that a build without optimisation takes seconds.
  @Test(arguments: 0..<4)
  func `whatever documents are made up`(part: Int) throws {
    var maker = DocumentMaker(seed: UInt64(part))
    var rest = (isFull ? 1_000_000 : 100_000) / 4
    var raw = 0
    while rest > 0 {
      let count = min(rest, 1 + maker.below(maker.below(6) == 0 ? 4096 : 1500))
      rest -= count
      let documents = DocumentBatch((0..<count).map { _ in maker.document() })
      let block = try expectRoundTrip(documents, order: maker.below(3) == 0 ? nil : maker.permutation(count))
      raw += block.statistics.rawDocuments
    }
    // Those that were damaged so that they hold a zero, or a string without an end.
    #expect(raw > 0)
  }

  @Test func `its parts as statistics that add up`() throws {
    var maker = DocumentMaker(seed: 11)
    let documents = DocumentBatch((0..<700).map { _ in maker.document(damage: .max) })
    let block = try SegmentBlock.encode(documents, order: maker.permutation(700))
    let statistics = block.statistics
    #expect(statistics.rawDocuments == 0)
    #expect(statistics.length == documents.bytes.count)
    #expect(statistics.chunks > 5)
    // Each chunk's bits end with a byte of which some may be unused; the sum of the bits drops less than a byte each.
    #expect(abs(statistics.stored - block.bytes.count) <= statistics.chunks + 5)
  }

  @Test func `documents that would come back changed as they are`() throws {
    let sent = batch(["{\"id\":\"70de5b6f19ff9a0a\"}", "{\"id\":\"70de5b6f19ff9a0b\"}", "{}"])
    let other = batch(["{\"id\":\"70de5b6f19ff9a0a\"}", "{\"id\":\"70de5b6f19ff9a0c\"}", "{}"])
    let block = try SegmentBlock.encode(other)
    #expect(SegmentBlock.changedDocuments(in: block, sent, [0, 1, 2]) == [1])
    #expect(SegmentBlock.changedDocuments(in: block, other, [0, 1, 2]).isEmpty)
    let kept = BlockWriter.write(sent, [0, 1, 2], hasOrder: false, raw: [1])
    #expect(kept.statistics.rawDocuments == 1)
    #expect(try BlockReader(kept.bytes).documents().bytes == sent.bytes)
  }
}
