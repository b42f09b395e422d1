import Testing
import XRayModel

@testable import SegmentBlocks

/// Sizes are small enough for a build without optimisation; what is quadratic would take minutes all the same.
@Suite struct `Hostile documents come back as they were` {
  @Test func `one key of 64 KB`() throws {
    let key = String(repeating: "k", count: 65_000)
    let block = try expectRoundTrip(batch((0..<20).map { "{\"\(key)\(0)\":\($0)}" }))
    #expect(block.bytes.count < 10_000)
    try expectRoundTrip(batch((0..<20).map { "{\"\($0)\(key)\":1}" }))
  }

  @Test func `ten thousand levels`() throws {
    let open = String(repeating: "[", count: 10_000)
    let close = String(repeating: "]", count: 10_000)
    let nested = String(repeating: "{\"a\":", count: 10_000) + "1" + String(repeating: "}", count: 10_000)
    let elements = String(repeating: "[{\"a\":1},", count: 6_000)
    try expectRoundTrip(batch([open + close, open, close, nested, elements, open + close]))
  }

  @Test func `fifty thousand different keys`() throws {
    let members = (0..<50_000).map { "\"k\($0)x\":\($0)" }
    let block = try expectRoundTrip(batch(["{" + members.joined(separator: ",") + "}"]))
    // More values than a document may have and still be taken apart.
    #expect(block.statistics.rawDocuments == 1)
    let parts = (0..<10).map { part in "{" + members[part * 5000..<part * 5000 + 5000].joined(separator: ",") + "}" }
    #expect(try expectRoundTrip(batch(parts)).statistics.rawDocuments == 0)
  }

  @Test func `numbers of any length`() throws {
    for length in [8, 9, 10, 17, 18, 19, 20, 40, 1000, 30_000] {
      let digits = String(repeating: "7", count: length)
      let texts = [
        "{\"a\":\(digits)}", "{\"start_time\":\(digits).\(digits)}", "{\"a\":\"\(digits)\"}", "{\"a\":1.\(digits)E9}",
        "{\"a\":-\(digits)}", "{\"a\":0\(digits)}", "{\"a\":1700000000.\(digits)}",
      ]
      for times in [1, 4] { try expectRoundTrip(batch((0..<times).flatMap { _ in texts })) }
    }
  }

  @Test func `templates that are all different`() throws {
    let random = RandomSource(seed: 5)
    let texts = (0..<1500).map { _ in
      "{"
        + (0..<8).map { _ in "\"\(random.entityID())\":{\"\(random.next())\":[\(random.next())]}" }
        .joined(separator: ",") + "}"
    }
    let block = try expectRoundTrip(batch(texts))
    #expect(block.bytes.count < texts.reduce(0) { $0 + $1.utf8.count })
    #expect(block.statistics.templates < 2_000)
  }

  @Test func `an array of twenty thousand texts`() throws {
    let texts = (0..<15_000).map { "\"\($0 % 7)\"" }.joined(separator: ",")
    let objects = (0..<5_000).map { "{\"v\":\($0)}" }.joined(separator: ", ")
    try expectRoundTrip(batch(["[\(texts)]", "[\(objects)]", "[\(texts),\(texts)]"]))
  }

  @Test func `texts in which everything is a number`() throws {
    let text = (0..<12_000).map { "\($0)" }.joined(separator: "-")
    try expectRoundTrip(batch((0..<4).map { "{\"a\":\"\(text)\($0)\"}" }))
    try expectRoundTrip(
      batch((0..<40).map { n in "{\"a\":\"" + (0..<46).map { "\($0 * n)" }.joined(separator: ".") + "\"}" }))
  }

  /// Memory and dictionary stay bounded: what is rare costs no more than its own bytes, and is in no dictionary.
  @Test func `fifty thousand keys over many documents, none of them twice`() throws {
    let texts = (0..<1000).map { document in
      "{" + (0..<50).map { "\"key\(document * 50 + $0)of\":\($0 % 3)" }.joined(separator: ",") + "}"
    }
    let block = try expectRoundTrip(batch(texts))
    #expect(block.statistics.rawDocuments == 0)
    #expect(block.statistics.literals < 100 && block.statistics.templates < 1_000)
    #expect(block.bytes.count * 3 < texts.reduce(0) { $0 + $1.utf8.count })
  }

  @Test func `shapes that change in the midst of a block, and back`() throws {
    // What came last is guessed to come again: values of another kind, keys in the place of texts, ends, escapes.
    let texts = [
      #"{"a":"x","b":1}"#, #"{"a":"x":"b","b":1}"#, #"{"a":"x" ,"b":"1"}"#, #"{"a":"x","b":1"#, #"{"a":"x\"","b":-1}"#,
      #"{"a":"","b":1}"#, #"{"a":1,"b":1}"#, #"{"a":"xx","b":1}"#, #"{"a":"x","b":1}]"#, #"5{"a":"x","b":1}"#,
      #"5"a":"x","b":1}"#, #""a"5"b"6"#, #""a""b""c""#, #"{"a":"x" : 1,"b":1}"#, #"5"#, #""5""#, #"{"a":"x","b":1,}"#,
    ]
    let random = RandomSource(seed: 77)
    for _ in 0..<20 {
      try expectRoundTrip(batch((0..<120).map { _ in texts[Int(random.next() % UInt64(texts.count))] }))
    }
  }

  @Test func `one document that is as long as may be`() throws {
    let text = "\"" + String(repeating: "x", count: SegmentBlock.documentLengthLimit - 2) + "\""
    let block = try expectRoundTrip(batch([text, "{}", text, text, "{}"]))
    #expect(block.bytes.count < 20_000)
  }
}
