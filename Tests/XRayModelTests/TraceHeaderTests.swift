import Testing
import XRayModel

private let root = "1-5759e988-bd862e3fe1be46a994272793"
private let parent = "53995c3f42cd8ad8"

struct TraceHeaderTests {
  /// How SDKs differ, and what we make of it: input, and the header as we write it.
  @Test(arguments: [
    ("Root=\(root);Parent=\(parent);Sampled=1", "Root=\(root);Parent=\(parent);Sampled=1"),
    // A blank after the semicolon, which the Python SDK trips over.
    ("Root=\(root); Parent=\(parent); Sampled=1", "Root=\(root);Parent=\(parent);Sampled=1"),
    (" \tRoot = \(root) ;\tParent\t= \(parent);Sampled =1 ", "Root=\(root);Parent=\(parent);Sampled=1"),
    // A trailing semicolon, as the Java and Go SDKs write when Sampled is unknown.
    ("Root=\(root);", "Root=\(root)"),
    (";;Root=\(root);;Sampled=0;;", "Root=\(root);Sampled=0"),
    // Items without `=`.
    ("Root=\(root);junk;Sampled=?", "Root=\(root);Sampled=?"),
    ("Root=\(root);=\(parent)", "Root=\(root)"),
    // Letter case of keys.
    ("root=\(root);PARENT=\(parent);saMpled=0;LINEAGE=a:1", "Root=\(root);Parent=\(parent);Sampled=0;Lineage=a:1"),
    // A value with `=`.
    ("Root=\(root);Foo=a=b==", "Root=\(root);Foo=a=b=="),
    // Sampled other than 0, 1 and ?.
    ("Root=\(root);Sampled=a", "Root=\(root)"),
    ("Root=\(root);Sampled=", "Root=\(root)"),
    ("Root=\(root);Sampled=true", "Root=\(root)"),
    // Repeated keys: the last one counts.
    ("Root=\(root);Sampled=1;Sampled=0", "Root=\(root);Sampled=0"),
    ("Root=garbage;Root=\(root)", "Root=\(root)"),
    ("Root=\(root);Parent=\(parent);Parent=bad", "Root=\(root)"),
    ("Root=\(root);A=1;B=2;A=3", "Root=\(root);A=3;B=2"),
    // Unknown keys keep order and letter case; Self is dropped.
    ("Self=\(root);Root=\(root);CalledFrom=App;zeta=1", "Root=\(root);CalledFrom=App;zeta=1"),
    ("Root=\(root);Foo=", "Root=\(root);Foo="),
    // Any order, malformed parents, upper-case digits.
    ("Sampled=1;Parent=\(parent);Root=\(root)", "Root=\(root);Parent=\(parent);Sampled=1"),
    ("Root=\(root);Parent=short", "Root=\(root)"),
    ("Root=\(root.uppercased());Parent=\(parent.uppercased())", "Root=\(root);Parent=\(parent)"),
    // Lineage in every form that was seen.
    ("Root=\(root);Lineage=037bed70:0", "Root=\(root);Lineage=037bed70:0"),
    ("Root=\(root);Lineage=a:1|b:5|c:2", "Root=\(root);Lineage=a:1|b:5|c:2"),
    ("Root=\(root);Lineage=32767:e65a2c4d:255;Foo=1", "Root=\(root);Lineage=32767:e65a2c4d:255;Foo=1"),
    ("Root=\(root);Lineage=", "Root=\(root)"),
    // Control characters would end the line of a header that passes the item on.
    ("Root=\(root);Foo=a\r\nEvil: 1;Bar=2", "Root=\(root);Bar=2"),
    ("Root=\(root);Lineage=a\n", "Root=\(root)"),
    // A combining mark does not hide a separator.
    ("Root=\(root);\u{301}a=b", "Root=\(root);\u{301}a=b"),
  ])
  func `reading is tolerant and writing exact`(input: String, output: String) throws {
    let header = try TraceHeader(parsing: input)
    #expect(header.description == output)
    #expect(try TraceHeader(parsing: output) == header)
  }

  @Test(arguments: [
    ("", TraceHeaderError.Reason.noRoot), ("Auto", .noRoot), ("Sampled=1", .noRoot), ("Root=;Sampled=1", .noRoot),
    ("Root=abc;Sampled=1", .badRoot), ("Root==\(root)", .badRoot), ("Root=\(root),Sampled=1", .badRoot),
    ("Root=2-5759e988-bd862e3fe1be46a994272793", .badRoot), ("Root=\(root);Root=garbage", .badRoot),
    ("Root=\(root);A=" + String(repeating: "x", count: 1000), .tooLong),
  ])
  func `a header without a usable root is refused with the reason`(input: String, reason: TraceHeaderError.Reason) {
    let error = #expect(throws: TraceHeaderError.self) { try TraceHeader(parsing: input) }
    #expect(error?.reason == reason)
    #expect(error?.header == String(input.prefix(128)))
  }

  @Test func `a header of exactly 1,024 bytes is read`() throws {
    let input = "Root=\(root);A="
    let header = try TraceHeader(parsing: input + String(repeating: "x", count: 1024 - input.utf8.count))
    // Its one custom item is beyond what is passed on.
    #expect(header == TraceHeader(root: TraceID(root)!))
  }

  @Test func `custom items are passed on up to 256 bytes`() throws {
    let header = try TraceHeader(
      parsing: "Root=\(root);A=" + String(repeating: "x", count: 250) + ";Bcdef=;Gone=1")
    #expect(header.custom.map(\.key) == ["A", "Bcdef"])
    #expect(header.description.hasSuffix("x;Bcdef="))
  }

  @Test func `items that would read as something else are not written`() throws {
    let header = TraceHeader(
      root: TraceID(root)!, lineage: "a;Root=x",
      custom: [
        .init(key: "Root", value: "1-00000000-000000000000000000000000"), .init(key: "a;Sampled", value: "1"),
        .init(key: "b", value: "1;Parent=\(parent)"), .init(key: "", value: "c"), .init(key: "d=e", value: "f"),
        .init(key: "line", value: "end\r\n"), .init(key: "good", value: "kept"),
      ])
    #expect(header.description == "Root=\(root);good=kept")
  }

  @Test func `only 1 and 0 are decisions`() {
    #expect(SamplingFlag.sampled.decision == true)
    #expect(SamplingFlag.notSampled.decision == false)
    #expect(SamplingFlag.requested.decision == nil)
    #expect(SamplingFlag.undecided.decision == nil)
  }

  @Test(Corpus.condition) func `headers found in the wild read as the recorded rule says`() throws {
    let table = String(decoding: try Corpus.bytes("headers/trace-headers.tsv"), as: UTF8.self)
    var rows = 0
    for line in table.split(separator: "\n") where !line.hasPrefix("#") {
      let columns = line.split(separator: "\t")
      let input = try #require(try JSONValue(parsing: String(columns[0])).string)
      try compare(input, with: JSONValue(parsing: String(columns[1])))
      rows += 1
    }
    #expect(rows == 134)
  }

  private func compare(_ input: String, with rule: JSONValue) throws {
    guard rule["root_ok"]?.bool == true else {
      let error = #expect(throws: TraceHeaderError.self, "\(input)") { try TraceHeader(parsing: input) }
      #expect(error?.reason == (rule["root"]?.string ?? "" == "" ? .noRoot : .badRoot), "\(input)")
      return
    }
    let header = try TraceHeader(parsing: input)
    #expect(header.root.description == rule["root"]?.string?.lowercased(), "\(input)")
    let parent = rule["parent_ok"]?.bool == true ? rule["parent"]?.string?.lowercased() : nil
    #expect(header.parent?.description == parent, "\(input)")
    #expect(header.lineage == rule["lineage"]?.string, "\(input)")
    let extra = (rule["extra"]?.object?.members ?? []).filter { $0.key != "" }
    #expect(header.custom == extra.map { .init(key: $0.key, value: $0.value.string ?? "") }, "\(input)")
    // The table keeps the first of repeated items; all SDKs, and we, the last.
    guard rule["duplicate"] == nil else { return }
    let flags: [String: SamplingFlag] = ["1": .sampled, "0": .notSampled, "?": .requested]
    #expect(header.sampling == flags[rule["sampled"]?.string ?? ""] ?? .undecided, "\(input)")
  }
}
