import Testing
import XRayModel

/// Random and mutated input by the hundred thousand. The seeds are fixed: a round that fails does so again.
@Suite(.serialized) struct FuzzTests {
  static let rounds = 100_000

  private static let documents = [
    #"""
    {"id":"70de5b6f19ff9a0a","name":"a","start_time":1478293361.271,
    "trace_id":"1-581cf771-a006649127e371903a2de979","end_time":1.5E9}
    """#,
    #"""
    {"trace_id": "1-581cf771-a006649127e371903a2de979", "id": "70de5b6f19ff9a0a", "name": "é\u00e9", "start_time": 1,
    "in_progress": true, "type": "subsegment", "parent_id": "53995c3f42cd8ad8"}
    """#,
    #"""
    {"id":"70de5b6f19ff9a0a","name":"a","start_time":1,"end_time":2,"error":true,"fault":false,
    "trace_id":"1-581cf771-a006649127e371903a2de979","subsegments":[{"id":"53995c3f42cd8ad8","start_time":1,
    "end_time":2,"subsegments":[{"id":"53995c3f42cd8ad9","name":"b","start_time":0,"in_progress":true}]}]}
    """#,
    #"""
    {"id":"70de5b6f19ff9a0a","name":"a","start_time":1,"end_time":2,"trace_id":"1-581cf771-a006649127e371903a2de979",
    "http":{"request":{"url":"u"},"response":{"status":200,"content_length":"5"}},"annotations":{"k":1,"l":"m"},
    "metadata":{"d":{"x":NaN,"y":[1,-Infinity]}},"cause":{"exceptions":[{"id":"1","stack":[{"line":1}]}]}}
    """#,
  ].map { Array($0.utf8) }

  private static let fragments = [
    "null", "true", "\"", "\\", "{", "}", "[", "]", ",", ":", "1e999", "-", "0", "NaN", "\\ud83c", "\\u0000", " ", "\n",
    "\u{FF}", "é", "🎬",
    "\"id\":", "\"subsegments\":[{}]", "\"end_time\":null,", "\"error\":1,", "200000000000000000",
    "\"http\":{},",
  ].map { Array($0.utf8) }

  @Test func `what the scanner accepts can be read, rendered and scanned again to the same`() throws {
    let random = RandomSource(seed: 11)
    var accepted = 0
    for round in 0..<Self.rounds {
      var mutant = Mutant(Self.documents[round % Self.documents.count], random)
      let bytes = mutant.mutated(by: Self.fragments)
      guard let index = try? SegmentIndex(scanning: bytes.span) else { continue }
      accepted += 1
      guard let again = Self.reread(bytes, index), again == index.comparable else {
        Issue.record("round \(round): \(String(decoding: bytes, as: UTF8.self))")
        return
      }
    }
    // Else the mutations would destroy too much, or too little, to test anything.
    #expect((Self.rounds / 20..<Self.rounds * 3 / 4).contains(accepted), "\(accepted) accepted")
  }

  /// The index of what an accepted document is rendered as.
  private static func reread(_ bytes: [UInt8], _ index: SegmentIndex) -> SegmentIndex? {
    guard let object = try? JSONValue(parsing: bytes.span, allowsNonFinite: true).object,
      let entity = Entity(json: object, kind: index.kind)
    else { return nil }
    let rendered = entity.document
    return (try? SegmentIndex(scanning: rendered.span))?.comparable
  }

  @Test func `a header that reads is written as something that reads as the same header`() throws {
    let headers = [
      "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
      "Self=1-1; Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=a:1|b:2;CalledFrom=x=y",
    ].map { Array($0.utf8) }
    let fragments = [
      ";", "=", ";;", " ", "\t", "\r\n", "Root=", "parent=", ";Sampled=?", "é", "\u{301}", "\u{0}", ";a=b", "?",
    ]
    .map { Array($0.utf8) }
    let random = RandomSource(seed: 12)
    var accepted = 0
    for round in 0..<Self.rounds {
      var mutant = Mutant(headers[round % headers.count], random)
      let text = String(decoding: mutant.mutated(by: fragments), as: UTF8.self)
      guard let header = try? TraceHeader(parsing: text) else { continue }
      accepted += 1
      let written = header.description
      guard (try? TraceHeader(parsing: written)) == header, written.utf8.allSatisfy({ $0 >= 0x20 }) else {
        Issue.record("round \(round): \(text)")
        return
      }
    }
    #expect((Self.rounds / 20..<Self.rounds * 9 / 10).contains(accepted), "\(accepted) accepted")
  }

  @Test func `JSON that reads is rendered as JSON that reads the same`() throws {
    let texts = [
      #"{"a":[1,-2.5e3,true,null],"b":"x\n\u00e9🎬","a":{}}"#, #"[[],{"k":{"k":[0.10,"\ud83c\udfac"]}}]"#, "-0.0e-1",
      #""é""#,
    ].map { Array($0.utf8) }
    let random = RandomSource(seed: 13)
    var accepted = 0
    for round in 0..<Self.rounds {
      var mutant = Mutant(texts[round % texts.count], random)
      let bytes = mutant.mutated(by: Self.fragments)
      guard let value = try? JSONValue(parsing: bytes.span) else { continue }
      accepted += 1
      let text = value.rendered()
      guard let again = try? JSONValue(parsing: text), again.rendered() == text else {
        Issue.record("round \(round): \(String(decoding: bytes, as: UTF8.self))")
        return
      }
    }
    #expect((Self.rounds / 20..<Self.rounds * 9 / 10).contains(accepted), "\(accepted) accepted")
  }

  @Test func `random bytes are never more than refused`() {
    let random = RandomSource(seed: 14)
    // Bytes of JSON's own alphabet get further than any bytes.
    let alphabet = Array(#"{}[]:,"\ 01e-.untrfalsNIu"#.utf8)
    var accepted = 0
    for _ in 0..<Self.rounds {
      var seed = random.next()
      let bytes = (0..<Int(seed % 24)).map { _ -> UInt8 in
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return seed >> 63 == 0 ? alphabet[Int(seed >> 33) % alphabet.count] : UInt8(truncatingIfNeeded: seed >> 40)
      }
      if (try? SegmentIndex(scanning: bytes.span)) != nil { accepted += 1 }
      _ = try? JSONValue(parsing: bytes.span, allowsNonFinite: true)
      _ = try? TraceHeader(parsing: String(decoding: bytes, as: UTF8.self))
    }
    #expect(accepted == 0)
  }
}

/// A copy of some bytes with one to three small changes.
private struct Mutant {
  private var bytes: [UInt8]
  private var state: UInt64

  init(_ bytes: [UInt8], _ random: RandomSource) {
    self.bytes = bytes
    state = random.next()
  }

  private mutating func below(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % bound
  }

  mutating func mutated(by fragments: [[UInt8]]) -> [UInt8] {
    for _ in 0...below(3) where !bytes.isEmpty {
      let place = below(bytes.count)
      switch below(6) {
      case 0: bytes[place] ^= 1 << UInt8(below(8))
      case 1: bytes.remove(at: place)
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + below(24)))
      case 3: bytes.insert(contentsOf: fragments[below(fragments.count)], at: place)
      case 4: bytes[place] = UInt8(ascii: "0") + UInt8(below(10))
      default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + below(40))], at: place)
      }
    }
    return bytes
  }
}

extension SegmentIndex {
  /// Without what rendering changes: places in the document, and what a rendering mends.
  fileprivate var comparable: SegmentIndex {
    var index = self
    (index.name, index.origin, index.tolerated) = (0..<0, origin.map { _ in 0..<0 }, [])
    return index
  }
}
