import ArgumentParser
import TraceReports
import XRayModel

extension BenchCommand {
  struct APICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "api",
      abstract: "Measure what calls of X-Ray's API cost `fluoro serve`.",
      discussion: """
        Starts servers in processes of their own and calls them over loopback, with
        connections that are kept: puts made-up segments, reads traces and summaries
        from a large store, starts with an empty and with a large store. CPU is that
        of the server alone. Other servers get some of the same calls beside it.

        A peer is a command that is split at blanks, with {port} where the port has
        to be, or the URL of a server on this machine that somebody started.

        EXAMPLES:
          fluoro bench api --quick                   half a minute
          fluoro bench api                           some 3 minutes, 1 GB of free disk
          fluoro bench api --traces 1750000          some 8 minutes, with 5,000,000 documents
          fluoro bench api --peer 'moto=moto_server -H 127.0.0.1 -p {port}'
          fluoro bench api --peer other=http://127.0.0.1:4566 --json > bench.json
        """)

    @Option(
      name: .long,
      help: ArgumentHelp("In the large store; 1000000, or 20000 with --quick.", valueName: "count"))
    var traces: Int?

    @Option(
      name: .long,
      help: ArgumentHelp("Another server beside it; may be repeated.", valueName: "name=command or URL"))
    var peer: [String] = []

    @Option(name: .long, help: ArgumentHelp("Another build of ours to measure; this program.", valueName: "path"))
    var fluoro: String?

    @Option(name: .long, help: "Make up other documents.")
    var seed: UInt64 = 1

    @Flag(name: .long, help: "Fewer traces and runs.")
    var quick = false

    @OptionGroup var output: JSONOption

    func validate() throws {
      if let traces, !(1000...10_000_000 ~= traces) {
        throw ValidationError("--traces is \(traces), and should be 1000 to 10000000")
      }
      let names = try peers.map(\.name) + [TestedServer.own(nil).name]
      if Set(names).count < names.count { throw ValidationError("two servers have the same name") }
    }

    func run() async throws {
      let machine = Machine()
      if !machine.isOptimized { Console.say("fluoro: a debug build; its figures say nothing") }
      let folder = try TemporaryFolder()
      defer { folder.remove() }
      let say: (String) -> Void = { Console.say("bench: \($0)") }
      var bench = APIBench(
        folder: folder.path, own: .own(fluoro), peers: try peers, effort: quick ? .quick : .full, seed: seed, say: say)
      try await bench.measurePuts()
      try bench.measureEmptyStarts()
      try bench.measureBeside()
      try bench.measureFilled(traces: traces ?? (quick ? 20_000 : 1_000_000))
      try Output().writeLine(output.json ? bench.tables.json(machine) : bench.tables.text(machine))
    }

    private var peers: [TestedServer] {
      get throws {
        try peer.map { text in
          guard let peer = TestedServer.peer(text) else {
            throw ValidationError(
              "--peer is \(text), and should be NAME=COMMAND with {port}, or NAME=http://127.0.0.1:PORT")
          }
          return peer
        }
      }
    }
  }
}
