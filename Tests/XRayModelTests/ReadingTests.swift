import Testing
import XRayModel

/// Documents are read from their bytes; what JSON values say is the measure of what must come of it.
@Suite struct `Reading a document` {
  private static func agrees(_ bytes: [UInt8]) -> Bool {
    let json = (try? JSONValue(parsing: bytes.span, allowsNonFinite: true))?.object
    let expected = json.flatMap { Entity(json: $0) }
    let read = Entity(accepted: bytes.span)
    // The order of what no schema names shows in the rendering only.
    guard read == expected, read?.document == expected?.document else { return false }
    guard let index = try? SegmentIndex(scanning: bytes.span) else { return true }
    let whole = try? Entity(document: bytes.span)
    return whole == expected && whole?.kind == index.kind && whole?.start == index.start && whole?.end == index.end
  }

  @Test(Corpus.condition, arguments: ["segments", "../lambda-segments", "foreign"])
  func `gives the same as reading it as JSON, for recorded ones`(folder: String) throws {
    let documents = try Corpus.documents(in: folder)
    #expect(!documents.isEmpty)
    for document in documents { #expect(Self.agrees(document.bytes), "\(document.name)") }
  }

  @Test func `gives the same as reading it as JSON, whatever its members are`() {
    var generator = DocumentGenerator(seed: 31)
    var accepted = 0
    var refused = 0
    for round in 0..<8000 {
      let bytes = Array(generator.document().utf8)
      if (try? SegmentIndex(scanning: bytes.span)) == nil { refused += 1 } else { accepted += 1 }
      guard Self.agrees(bytes) else {
        Issue.record("round \(round): \(String(decoding: bytes, as: UTF8.self))")
        return
      }
    }
    #expect(accepted > 1000 && refused > 400, "\(accepted) accepted, \(refused) refused")
  }

  @Test func `gives the same as reading it as JSON, also where bytes are damaged`() {
    var generator = DocumentGenerator(seed: 32)
    for round in 0..<8000 {
      var bytes = Array(generator.document().utf8)
      for _ in 0...generator.below(2) where !bytes.isEmpty {
        let place = generator.below(bytes.count)
        if generator.below(2) == 0 { bytes.remove(at: place) } else { bytes[place] ^= 1 << UInt8(generator.below(8)) }
      }
      guard Self.agrees(bytes) else {
        Issue.record("round \(round): \(bytes)")
        return
      }
    }
  }

  @Test(arguments: [
    #""id":"53995c3f42cd8ad8","start_time":2"#, #""error":1"#, #""error":null"#, #""\u0065rror":true"#,
    #""error":true,"error":false"#, #""error":true,"error":"x""#, #""aws":{"a":1,"a":2},"aws":null"#, #""http":[]"#,
    #""http":{"request":{"url":1,"traced":null},"response":{"status":"200","content_length":"x"}}"#,
    #""http":{"response":{"status":2e2,"status":201},"x":1,"x":2}"#, #""annotations":{"a":[1],"b":null,"b":2}"#,
    #""b":1,"a":2,"b":3"#, #""cause":7"#, #""cause":"53995c3f42cd8ad8""#, #""links":[1,{"trace_id":"1"}]"#,
    #""precursor_ids":["53995c3f42cd8ad8",1]"#, #""type":"sub\u0073egment","parent_id":"53995c3f42cd8ad8""#,
    #""subsegments":[],"subsegments":[{"id":"53995c3f42cd8ad8","start_time":1,"in_progress":true,"type":"segment"}]"#,
  ])
  func `gives the same as reading it as JSON, for odd members`(members: String) {
    let text = #"{"id":"70de5b6f19ff9a0a","name":"a","start_time":1,"end_time":2,"#
    for text in ["\(text)\(members)}", "\(text)\"trace_id\":\"1-581cf771-a006649127e371903a2de979\",\(members)}"] {
      #expect(Self.agrees(Array(text.utf8)), "\(text)")
    }
  }

  @Test func `a copy that is changed leaves the other as it was`() {
    let original = Entity(.segment, id: EntityID(rawValue: 1), name: "a", start: Timestamp(ticks: 1))
    var copy = original
    #expect(copy == original && copy.hashValue == original.hashValue)
    copy.name = "b"
    copy.subsegments.append(original)
    copy.http = HTTPBlock(response: .init(status: 200))
    copy.http?.response?.status = 429
    #expect(original.name == "a" && original.subsegments.isEmpty && original.http == nil)
    #expect(copy.name == "b" && copy.subsegments == [original] && copy.http?.response?.status == 429)
    #expect(copy != original)
  }
}

/// Documents with members that are mostly as the schema has them, sometimes odd, repeated or escaped.
private struct DocumentGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func below(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % bound
  }

  mutating func document() -> String {
    let trace = #""trace_id":"1-581cf771-a006649127e371903a2de979""#
    return object([trace] + times(), oddity: below(3) == 0 ? 12 : 1000, depth: 0)
  }

  private mutating func times() -> [String] {
    let id = #""id":"70de5b6f19ff9a0\#(below(10))""#
    return [
      id, #""name":"n""#, #""start_time":1.\#(below(1000))"#, below(5) == 0 ? #""in_progress":true"# : #""end_time":2"#,
    ]
  }

  /// One member in so many is odd.
  private mutating func object(_ required: [String], oddity: Int, depth: Int) -> String {
    var members = required
    for _ in 0..<below(8) {
      let (key, values) = Self.members[below(Self.members.count)]
      let isOdd = below(oddity) == 0
      // A repeated key makes most documents odd; let it happen now and then.
      if !isOdd, members.contains(where: { $0.hasPrefix("\"\(key)\"") }) { continue }
      let escaped = isOdd && below(3) == 0 ? "\\u00\(String(key.utf8.first ?? 0x61, radix: 16))\(key.dropFirst())" : key
      members.append("\"\(escaped)\":\(isOdd ? Self.odd[below(Self.odd.count)] : values[below(values.count)])")
    }
    if depth < 3, below(3) == 0 {
      let inner = (0..<below(3)).map { _ in object(times(), oddity: oddity, depth: depth + 1) }
      members.append("\"subsegments\":[\(inner.joined(separator: ","))]")
    }
    let first = members.isEmpty ? 0 : below(members.count)
    return "{\((members[first...] + members[..<first]).joined(separator: ","))}"
  }

  private static let odd = [
    "null", "true", "7", "-1.5e3", "\"7\"", "\"\"", "[]", "[null,{}]", "{}", #"{"a":{"a":1},"a":2}"#,
  ]

  private static let members: [(key: String, values: [String])] = [
    ("namespace", [#""aws""#, #""remote""#]), ("origin", [#""AWS::EC2::Instance""#]), ("resource_arn", [#""arn""#]),
    ("user", [#""u\n\u00e9""#]), ("error", ["true", "false"]), ("fault", ["true"]), ("throttle", ["true"]),
    ("inferred", ["true"]), ("aws", [#"{"operation":"Put","retries":0}"#, "{}"]), ("sql", [#"{"url":"x"}"#]),
    ("service", [#"{"version":"1"}"#]), ("metadata", [#"{"default":{"a":[1,2.50,NaN]}}"#]),
    ("annotations", [#"{"a":1,"b":"x","c":true,"d":null}"#, "{}"]), ("precursor_ids", [#"["53995c3f42cd8ad8","x"]"#]),
    (
      "http",
      [
        #"{"request":{"method":"GET","url":"u","traced":true,"x":1},"response":{"status":200,"content_length":"5"}}"#,
        #"{"request":null,"response":{"status":4e2},"more":{}}"#, #"{"response":{"status":"x"}}"#,
      ]
    ),
    ("cause", [#""53995c3f42cd8ad8""#, #"{"paths":["a",1],"exceptions":[{"id":"1","stack":[{"line":"3"},1]}]}"#]),
    ("links", [#"[{"trace_id":"1-581cf771-a006649127e371903a2de979","id":"53995c3f42cd8ad8"},{}]"#]),
    ("type", [#""segment""#, #""subsegment""#]), ("parent_id", [#""53995c3f42cd8ad8""#]), ("other", ["[1]", "null"]),
    ("url", ["1"]), ("é", [#""é""#]),
  ]
}
