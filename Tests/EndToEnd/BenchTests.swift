import Testing
import XRayModel

/// Measures themselves are not tested: only that they are taken, and that what must hold for them holds.
@Suite struct `The benchmark of the store` {
  private static let quick = ["bench", "store", "--quick", "--documents", "2000", "--seed", "7"]

  @Test func `gives one JSON document with all its tables`() throws {
    let folder = try TemporaryDirectory.make("bench")
    // In a folder of its own it can be seen that nothing is left behind.
    let run = try Child.run(
      "env", ["TMPDIR=\(folder)", "FLUORO_CORPUS=", try Child.path("fluoro")] + Self.quick + ["--json"])
    #expect(run.status == 0, "\(run.standardError)")
    let json = try JSONValue(parsing: run.standardOutput)
    #expect(
      json.object?.members.map(\.key) == [
        "machine", "targets", "data", "ingest", "stages", "bytes", "reads", "growth", "queries", "concurrent",
        "retention", "visible", "peers",
      ])
    #expect(json["machine"]?["cores"]?.number?.integer ?? 0 > 0)
    let data = try #require(json["data"]?[0])
    #expect(data["documents"]?.number?.integer == 2000)
    // A few hundred bytes to a few thousand: about what functions send.
    #expect(700...1200 ~= data["bytes_per_document"]?.number?.double ?? 0)
    #expect(2.0...4.0 ~= data["documents_per_trace"]?.number?.double ?? 0)

    let ingest = try #require(json["ingest"]?.array)
    #expect(ingest.map { $0["batch"]?.number?.integer } == [50, 500, 50, 500])
    #expect(ingest.map { $0["documents"]?.number?.integer } == [200, 200, 2000, 2000])
    #expect(
      ingest.allSatisfy { $0["refused"]?.number?.integer == 0 && $0["bytes_per_document"]?.number?.double ?? 0 > 1 })
    #expect(json["reads"]?.array?.count == 6)
    #expect(json["reads"]?.array?.allSatisfy { $0["p50_ms"]?.number?.double ?? 0 > 0 } == true)
    #expect(json["visible"]?[0]?["not_at_first_read"]?.number?.integer == 0)
    #expect(json["peers"]?.array?.count == 8)
    // The parts are the whole file.
    let parts = try #require(json["bytes"]?.array?.map { $0["bytes_per_document"]?.number?.double ?? .nan })
    #expect(abs(parts.dropLast().reduce(0, +) - (parts.last ?? 0)) < 0.01)
    #expect(json["growth"]?.array?.map { $0["ids"]?.string } == ["by time", "random"])
    #expect(json["growth"]?.array?.allSatisfy { $0["traces"]?.number?.integer ?? 0 > 500 } == true)
    #expect(json["queries"]?.array?.count == 8)
    #expect(json["queries"]?.array?.allSatisfy { $0["first_ms"]?.number?.double ?? 0 > 0 } == true)
    #expect(json["concurrent"]?.array?.count == 4 && json["retention"]?.array?.count == 2)
    // Each target is told, and those that ask for millions of documents are not decided by 2,000.
    let targets = try #require(json["targets"]?.array)
    #expect(targets.count == 12)
    for target in targets where target["target"]?.string?.hasPrefix("service graph") == true {
      #expect(target["met"] == .null)
    }
    // Reading the file takes as many bytes as it has; a blind copy of the store's own figure would not.
    #expect(json["peers"]?[1]?["ratio"]?.number?.double == 1)
    #expect(try Child.run("ls", ["-A", folder]).standardOutput == "")
  }

  @Test func `refuses to measure with next to nothing`() throws {
    let run = try Child.run("fluoro", ["bench", "store", "--documents", "3"])
    #expect(run.status == 2 && run.standardError.contains("--documents is 3"))
  }
}
