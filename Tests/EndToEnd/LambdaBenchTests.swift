import Testing
import XRayModel

/// Measures themselves are not tested: only that they are taken, and that nothing is lost or left behind.
@Suite struct `The benchmark of invocations` {
  @Test func `accounts for every invocation, and leaves no process, no open file and no folder`() throws {
    let folder = try TemporaryDirectory.make("bench-lambda")
    let run = try Child.run(
      "env",
      [
        "TMPDIR=\(folder)", try Child.path("fluoro"), "bench", "lambda", "--quick", "--invocations", "200", "--json",
      ])
    #expect(run.status == 0, "\(run.standardError)")
    let json = try JSONValue(parsing: run.standardOutput)
    #expect(
      json.object?.members.map(\.key) == [
        "machine", "targets", "overhead", "starts", "ledger", "footprints", "ends",
      ])

    let ledger = try #require(json["ledger"]?.array)
    #expect(ledger.map { $0["connections"]?.number?.integer } == [1, 4])
    for row in ledger {
      for count in ["sent", "answered", "run"] { #expect(row[count]?.number?.integer == 200) }
      let connections = row["connections"]?.number?.integer ?? 0
      #expect(1...connections ~= row["processes"]?.number?.integer ?? 0)
    }

    let footprints = try #require(json["footprints"]?.array)
    #expect(footprints.count == 8)
    for row in footprints where ["before", "function deleted"].contains(row["when"]?.string) {
      #expect(row["children"]?.number?.integer == 0)
    }
    // How fast it is, a loaded machine cannot tell.
    let targets = try #require(json["targets"]?.array).filter { $0["unit"]?.string == "" }
    #expect(targets.count == 5)
    for target in targets { #expect(target["met"]?.string == "yes", "\(target)") }

    let ends = try #require(json["ends"]?.array)
    #expect(ends.count == 1 && ends[0]["exit"]?.string == "0" && ends[0]["survivors"]?.number?.integer == 0)
    #expect(json["overhead"]?.array?.count == 4)
    #expect(json["overhead"]?.array?.allSatisfy { $0["p50_ms"]?.number?.double ?? 0 > 0 } == true)
    #expect(json["starts"]?.array?.allSatisfy { $0["median_ms"]?.number?.double ?? 0 > 0 } == true)
    #expect(try Child.run("ls", ["-A", folder]).standardOutput == "")
  }

  @Test(arguments: [["--invocations", "3"], ["--fluoro"]])
  func `refuses what it cannot measure`(arguments: [String]) throws {
    #expect(try Child.run("fluoro", ["bench", "lambda"] + arguments).status == 2)
  }

  @Test func `has a function that runs for Lambda alone`() throws {
    let run = try Child.run(
      "env", ["-u", "AWS_LAMBDA_RUNTIME_API", try Child.path("fluoro"), "bench", "lambda-runtime"])
    #expect(run.status == 2)
  }
}
