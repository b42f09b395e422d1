import ArgumentParser
import XRayModel

extension BenchCommand {
  struct DaemonCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "daemon",
      abstract: "Measure what a daemon loses, and what it costs in time and memory.",
      discussion: """
        Sends made-up segments to a daemon, which passes them on to a backend that
        counts them; each is a process of its own, and nothing leaves this machine.
        Other daemons are measured in turn with Fluoro's own.

        A command is split at blanks. In it are replaced: {udp} and {tcp} by
        host:port to listen at, {backend} by a URL, {memory} by megabytes (0 leaves
        it to the daemon), {spool} by a folder (an option that ends with it is left
        out where nothing is to be kept on the disk), {config} by a cfg.yaml with all
        of these. A command without any gets `--config {config} --buffer-memory
        {memory}`, and Fluoro's own `--spool {spool}`, too.

        EXAMPLES:
          fluoro bench daemon --quick                      some 90 seconds
          fluoro bench daemon --peer xray=/usr/bin/xray    8 minutes for each
          fluoro bench daemon --only burst --only start --json > bench.json
          fluoro bench daemon --daemon '/opt/fluoro-daemon -c {config} -o'
          fluoro bench daemon --peer 'other=/opt/other {udp} --to {backend}'
        """)

    @Option(
      name: .long, help: ArgumentHelp("Fluoro's daemon; fluoro-daemon beside this program.", valueName: "command"))
    var daemon: String?

    @Option(
      name: .long,
      help: ArgumentHelp(
        "Another daemon beside it; may be repeated, the first is compared with.", valueName: "name=command"))
    var peer: [String] = []

    @Option(
      name: .long,
      help: ArgumentHelp("Only scenarios of this name, or with this in it; may be repeated.", valueName: "text"))
    var only: [String] = []

    @Option(name: .long, help: ArgumentHelp("Of each scenario; 1 to 9 without, by its noise.", valueName: "count"))
    var runs: Int?

    @Option(
      name: .long, help: ArgumentHelp("How long a steady load lasts; 10, or 2 with --quick.", valueName: "seconds"))
    var seconds: Int?

    @Flag(name: .long, help: "Shorter and fewer runs.")
    var quick = false

    @OptionGroup var output: JSONOption

    func validate() throws {
      if let runs, !(1...100 ~= runs) { throw ValidationError("--runs is \(runs), and should be 1 to 100") }
      if let seconds, !(1...600 ~= seconds) { throw ValidationError("--seconds is \(seconds), and should be 1 to 600") }
      let names = try peers.map(\.name) + ["fluoro"]
      if Set(names).count < names.count { throw ValidationError("two daemons have the same name") }
      if scenarios.isEmpty {
        let names = all.map { "  \($0.name)" }.joined(separator: "\n")
        throw ValidationError("no scenario has this in its name; there are:\n\(names)")
      }
    }

    func run() throws {
      let machine = Machine()
      if !machine.isOptimized { Console.say("fluoro: a debug build; its figures say nothing") }
      let folder = try TemporaryFolder()
      defer { folder.remove() }
      var bench = DaemonBench(folder: folder.path, daemons: [.own(daemon)] + (try peers)) {
        Console.say("bench: \($0)")
      }
      for scenario in scenarios { bench.measure(scenario) }
      try Output().writeLine(output.json ? bench.tables.json(machine) : bench.tables.text(machine))
      if bench.isEmpty { throw Failure.failed("nothing was measured") }
      if bench.failures > 0 { throw Failure.failed("\(bench.failures) runs failed") }
    }

    private var all: [LoadScenario] {
      LoadScenario.all(seconds: seconds ?? (quick ? 2 : 10), runs: runs, isQuick: quick)
    }

    private var scenarios: [LoadScenario] {
      let all = all
      let wanted = only.flatMap { text in
        let exact = all.filter { $0.name == text }
        return (exact.isEmpty ? all.filter { $0.name.contains(text) } : exact).map(\.name)
      }
      return only.isEmpty ? all : all.filter { wanted.contains($0.name) }
    }

    private var peers: [TestedDaemon] {
      get throws {
        try peer.map { text in
          guard let peer = TestedDaemon.peer(text) else {
            throw ValidationError("--peer is \(text), and should be NAME=COMMAND")
          }
          return peer
        }
      }
    }
  }
}
