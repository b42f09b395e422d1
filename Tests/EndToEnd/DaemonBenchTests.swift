import Testing
import XRayModel

/// Measures themselves are not tested: only that they are taken, and that the counts add up.
@Suite struct `The benchmark of daemons` {
  @Test func `accounts for every document of a burst`() throws {
    let folder = try TemporaryDirectory.make("bench-daemon")
    let run = try Child.run(
      "env",
      [
        "TMPDIR=\(folder)", try Child.path("fluoro"), "bench", "daemon", "--only", "burst", "--runs", "2", "--json",
        "--peer", "again=\(try Child.path("fluoro-daemon"))",
      ])
    #expect(run.status == 0, "\(run.standardError)")
    let json = try JSONValue(parsing: run.standardOutput)
    #expect(json.object?.members.map(\.key) == ["machine", "targets", "runs", "process", "ledger", "beside"])
    let ledger = try #require(json["ledger"]?.array)
    #expect(ledger.map { $0["daemon"]?.string } == ["fluoro", "again"])
    #expect(ledger.allSatisfy { $0["sent"]?.number?.integer == 4000 })
    // Both of their own count and of the kernel's.
    #expect(ledger.allSatisfy { $0["unaccounted"]?.number?.double == 0 })
    #expect(ledger.allSatisfy { $0["kernel"]?.number?.integer == $0["kernel_says"]?.number?.integer })
    #expect(json["process"]?.array?.allSatisfy { $0["exit"]?.string == "0" } == true)
    #expect(json["beside"]?.array?.allSatisfy { $0["errors"]?.number?.integer == 0 } == true)
    #expect(try Child.run("ls", ["-A", folder]).standardOutput == "")
  }

  @Test func `says which daemon does not start`() throws {
    let run = try Child.run(
      "fluoro", ["bench", "daemon", "--only", "burst", "--runs", "1", "--daemon", "/no/such {udp}"])
    #expect(run.status == 1 && run.standardError.contains("cannot start /no/such"))
  }

  @Test(arguments: [["--runs", "0"], ["--only", "nothing"], ["--peer", "nameless"]])
  func `refuses what it cannot measure`(arguments: [String]) throws {
    #expect(try Child.run("fluoro", ["bench", "daemon"] + arguments).status == 2)
  }
}
