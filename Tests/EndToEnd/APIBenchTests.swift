import Testing
import XRayModel

/// Measures themselves are not tested: only that they are taken, and that the counts add up.
@Suite struct `The benchmark of the API` {
  @Test func `accounts for every document, and gives one JSON document with all its tables`() throws {
    let folder = try TemporaryDirectory.make("bench-api")
    let run = try Child.run(
      "env",
      [
        "TMPDIR=\(folder)", try Child.path("fluoro"), "bench", "api", "--quick", "--traces", "2000", "--json", "--peer",
        "none=/no/such/server {port}",
      ])
    #expect(run.status == 0, "\(run.standardError)")
    let json = try JSONValue(parsing: run.standardOutput)
    #expect(
      json.object?.members.map(\.key) == [
        "machine", "targets", "puts", "ledger", "calls", "starts", "memory", "beside",
      ])

    let ledger = try #require(json["ledger"]?.array)
    #expect(ledger.map { $0["connections"]?.number?.integer } == [1, 4])
    for row in ledger {
      #expect(row["sent"]?.number?.integer == 5000 && row["unprocessed"]?.number?.integer == 0)
      // As the server said, and as the store holds after its end.
      #expect(row["metrics"]?.number?.integer == 5000 && row["stored"]?.number?.integer == 5000)
      #expect(row["unaccounted"]?.number?.integer == 0)
    }
    #expect(json["puts"]?.array?.allSatisfy { $0["exit"]?.string == "0" } == true)
    #expect(json["puts"]?.array?.allSatisfy { $0["per_cpu_second"]?.number?.double ?? 0 > 0 } == true)

    let calls = try #require(json["calls"]?.array)
    #expect(calls.count == 6 && calls[0]["calls"]?.number?.integer == 500)
    #expect(calls[0]["found"]?.number?.integer == 5 && calls[1]["found"]?.number?.integer == 100)
    #expect(calls.allSatisfy { $0["p50_ms"]?.number?.double ?? 0 > 0 })
    #expect(json["starts"]?.array?.map { $0["store"]?.string } == ["new", "empty", "filled"])
    #expect(json["memory"]?.array?.allSatisfy { $0["private_mb"]?.number?.double ?? 0 > 0 } == true)

    // Fluoro's own calls are kept where another server does not start.
    let beside = try #require(json["beside"]?.array)
    #expect(beside.map { $0["server"]?.string } == ["fluoro", "fluoro", "fluoro", "none", "none", "none"])
    #expect(beside.prefix(3).allSatisfy { $0["connections"]?.number?.integer == 1 })
    #expect(beside.suffix(3).allSatisfy { $0["p50_ms"] == .null })
    // What asks for a million traces is not decided by 2,000.
    let targets = try #require(json["targets"]?.array)
    for target in targets where target["target"]?.string?.hasPrefix("GetTraceSummaries") == true {
      #expect(target["met"] == .null)
    }
    #expect(try Child.run("ls", ["-A", folder]).standardOutput == "")
  }

  @Test(arguments: [
    ["--traces", "3"], ["--peer", "nameless"], ["--peer", "a=moto_server"], ["--peer", "fluoro=x {port}"],
  ])
  func `refuses what it cannot measure`(arguments: [String]) throws {
    #expect(try Child.run("fluoro", ["bench", "api"] + arguments).status == 2)
  }
}
