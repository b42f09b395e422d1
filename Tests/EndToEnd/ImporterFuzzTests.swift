import Testing
import XRayModel

@Suite struct `The importer` {
  private static let documents = [
    #"{"id":"70de5b6f19ff9a0a","name":"checkout","trace_id":"1-6b015d90-a006649127e371903a2de979","#
      + #""start_time":1795251600.25,"end_time":1.7952516005E9,"http":{"response":{"status":200}}}"#,
    #"{"id":"53995c3f42cd8ad8","name":"stock","trace_id":"1-6b015d90-a006649127e371903a2de979","type":"subsegment","#
      + #""parent_id":"70de5b6f19ff9a0a","start_time":1795251600,"in_progress":true,"metadata":{"a":{"b":[NaN,"\u00e9"]}}}"#,
    #"{"id":"0000000000000001","name":"a","trace_id":"1-00000000-000000000000000000000001","start_time":1,"end_time":2,"#
      + #""subsegments":[{"id":"0000000000000002","name":"b","start_time":1,"end_time":2,"annotations":{"k":true}}]}"#,
  ].map { Array($0.utf8) }

  @Test func `answers for each of 100,000 mutated lines`() throws {
    let random = RandomSource(seed: 20_261_121)
    var input: [UInt8] = []
    var lines = 0
    while lines < 100_000 {
      let line = Self.mutant(random)
      // Lines of white space are skipped, not answered for.
      guard line.contains(where: { ![0x20, 0x09, 0x0D].contains($0) }) else { continue }
      input += line + [0x0A]
      lines += 1
    }
    let data = try TemporaryDirectory.make("fuzz")
    let result = try Child.run("fluoro", ["import", "--json", "--data", data, "-"], input: input)
    #expect(result.status == 0, "\(result.standardError.prefix(500))")
    let tally = try JSONValue(parsing: result.standardOutput)
    let rejected = tally["rejected"]?.object?.members.compactMap { $0.value.number?.integer }.reduce(0, +) ?? 0
    let accepted = tally["documents"]?.number?.integer ?? 0
    #expect(accepted + rejected == lines)
    #expect(accepted > 1000 && rejected > 1000)
    // Whatever was taken can be answered again.
    let traces = try Child.run("fluoro", ["export", "--format", "xray", "--data", data])
    #expect(traces.status == 0)
    #expect(throws: Never.self) { try DemoTraces(traces.standardOutput) }
  }

  @Test func `names a gzipped file that is damaged, wherever that is`() throws {
    let folder = try TemporaryDirectory.make("gzip")
    var lines: [UInt8] = []
    for index in 0..<400 { lines += Self.documents[index % Self.documents.count] + [0x0A] }
    let whole = try Child.run("gzip", ["-c"], input: lines, output: "\(folder)/whole.gz")
    try #require(whole.status == 0)
    let bytes = try TemporaryDirectory.read("\(folder)/whole.gz")
    let random = RandomSource(seed: 3)
    for round in 0..<24 {
      var damaged = bytes
      if round % 3 == 0 {
        damaged.removeLast(1 + Int(random.next() % UInt64(bytes.count - 12)))
      } else {
        // Past the header, whose time and flags may be anything.
        damaged[10 + Int(random.next() % UInt64(bytes.count - 10))] ^= UInt8(1 << (random.next() % 8))
      }
      let file = "\(folder)/damaged.gz"
      try TemporaryDirectory.write(damaged, to: file)
      let result = try Child.run("fluoro", ["import", "--data", "\(folder)/data\(round)", file])
      #expect(result.status == 1, "round \(round): \(result.standardOutput)")
      #expect(result.standardError.contains("\(file) is damaged"), "round \(round): \(result.standardError)")
    }
  }

  /// A document with some bytes changed, cut, repeated, or nothing but noise.
  private static func mutant(_ random: RandomSource) -> [UInt8] {
    func below(_ bound: Int) -> Int { Int(random.next() % UInt64(max(1, bound))) }
    var line = documents[below(documents.count)]
    switch below(8) {
    case 0: line = (0..<below(60)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    case 1: line.removeSubrange(below(line.count)...)
    case 2:
      let start = below(line.count)
      line.insert(contentsOf: line[start..<min(line.count, start + below(40))], at: below(line.count))
    case 3:
      // Another trace id or id: mostly still valid.
      for _ in 0..<3 {
        let index = below(line.count)
        if (0x30...0x39).contains(line[index]) { line[index] = 0x30 + UInt8(below(10)) }
      }
    default: for _ in 0...below(4) { line[below(line.count)] = UInt8(truncatingIfNeeded: random.next()) }
    }
    return line.filter { $0 != 0x0A }
  }
}
