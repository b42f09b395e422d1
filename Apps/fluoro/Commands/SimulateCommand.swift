import ArgumentParser
import LambdaEmitter
import TraceReports
import XRayModel

struct SimulateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Run a traffic profile through a simulated Lambda service, in virtual time.",
    discussion: """
      A profile says which functions there are, how long they take and how often
      they fail, and which requests come. Hours of it take seconds, and the same
      seed gives the same result. Retries, cold starts, sampling and throttling
      are compared with what arithmetic says of them.

      EXAMPLES:
        fluoro simulate --example > shop.json
        fluoro simulate shop.json
        fluoro simulate shop.json --invocations 20000 --seed 7 --json
        fluoro simulate shop.json --invocations 20000 --out run
        fluoro import run/segments.ndjson

      EXIT CODES: 0 all is as expected, 1 something is not, 2 wrong usage or a
      profile with an error, 3 cannot read or write a file
      """)

  @Argument(help: ArgumentHelp("A file with a traffic profile; - reads standard input.", valueName: "profile.json"))
  var profile: String?

  @Flag(name: .long, help: "Print a profile to begin with.")
  var example = false

  @Option(name: .long, help: ArgumentHelp("What chance begins with.", valueName: "number"))
  var seed: UInt64 = 1

  @Option(name: .long, help: ArgumentHelp("End the traffic after so many requests.", valueName: "count"))
  var invocations: Int?

  @Option(
    name: .long, help: ArgumentHelp("Write the documents to segments.ndjson in this folder.", valueName: "folder"))
  var out: String?

  @OptionGroup var output: JSONOption

  func validate() throws {
    if let invocations, invocations < 1 {
      throw ValidationError("--invocations is \(invocations), and should be 1 or more")
    }
    guard example == (profile == nil) else {
      throw ValidationError(
        example ? "--example needs no profile" : "name a traffic profile; fluoro simulate --example prints one")
    }
  }

  func run() async throws {
    guard let profile else { return try Output().write(TrafficProfile.example) }
    let simulation = TrafficSimulation(try read(profile), seed: seed)
    let documents = try out.map { try DocumentWriter(folder: $0) }
    let progress = SimulationProgress(total: simulation.profile.invocations)
    let summary: SimulationSummary
    do {
      summary = try await simulation.run(emitter: documents) { progress.update($0) }
    } catch let error as TrafficProfileError {
      throw Failure(code: 2, message: "\(profile): \(error)")
    }
    progress.end()
    try documents?.close()
    if output.json {
      var writer = JSONWriter(pretty: true)
      summary.write(to: &writer)
      try Output().writeLine(writer.text)
    } else {
      try Output().writeLine(SimulationReport(summary, seconds: progress.seconds).text)
    }
    guard summary.isAsExpected else {
      let names = summary.checks.filter { !$0.holds }.map(\.name).joined(separator: ", ")
      throw Failure.failed("not as arithmetic says: \(names)")
    }
  }

  private func read(_ path: String) throws -> TrafficProfile {
    let bytes = try ProfileFile.read(path, limit: TrafficProfile.bytesLimit)
    do throws(TrafficProfileError) {
      var profile = try TrafficProfile(parsing: bytes)
      if let invocations { profile.invocations = invocations }
      return profile
    } catch {
      throw Failure(code: 2, message: "\(path): \(error)")
    }
  }
}
