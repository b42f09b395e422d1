import ArgumentParser
import TraceReports
import XRayModel

extension BenchCommand {
  struct LambdaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "lambda",
      abstract: "Measure what an invocation costs in `fluoro serve`, and whether it leaves anything behind.",
      discussion: """
        Starts a server, makes functions over IAM's and Lambda's API and invokes them
        over loopback, with connections that are kept. The function is this program
        as `provided.al2023`: it has no work of its own, and tells when it had the
        event and when it answered; the rest of the time is the server's. CPU is that
        of the server alone.

        EXAMPLES:
          fluoro bench lambda --quick
          fluoro bench lambda --json > bench.json
          fluoro bench lambda --invocations 100000
        """)

    @Option(
      name: .long,
      help: ArgumentHelp(
        "Over one connection, and again over four, that may leave nothing behind; 10000, or 1000 with --quick.",
        valueName: "count"))
    var invocations: Int?

    @Option(name: .long, help: ArgumentHelp("Another build of ours to measure; this program.", valueName: "path"))
    var fluoro: String?

    @Flag(name: .long, help: "Fewer invocations.")
    var quick = false

    @OptionGroup var output: JSONOption

    func validate() throws {
      if let invocations, !(100...10_000_000 ~= invocations) {
        throw ValidationError("--invocations is \(invocations), and should be 100 to 10000000")
      }
    }

    func run() throws {
      let machine = Machine()
      if !machine.isOptimized { Console.say("fluoro: a debug build; its figures say nothing") }
      let folder = try TemporaryFolder()
      defer { folder.remove() }
      var effort = quick ? LambdaBench.Effort.quick : .full
      if let invocations { effort.invocations = invocations }
      var bench = LambdaBench(folder: folder.path, server: .own(fluoro), effort: effort) { Console.say("bench: \($0)") }
      try bench.measure()
      try Output().writeLine(output.json ? bench.tables.json(machine) : bench.tables.text(machine))
    }
  }
}
