import ArgumentParser
import XRayModel
import XRaySampler

extension BenchCommand {
  struct SamplingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "sampling",
      abstract: "Show how closely the clients of a sampling rule keep to its reservoir.",
      discussion: """
        Plays 1, 10 and 1,000 clients of one rule in virtual time, under steady,
        bursty and churning load, and tells what its reservoir gave, as a share of
        what it should have given. The same seed plays the same.

        EXAMPLES:
          fluoro bench sampling
          fluoro bench sampling --svg docs/images/sampling.svg
        """)

    @Option(name: .long, help: ArgumentHelp("Draw the runs.", valueName: "file"))
    var svg: String?

    @Option(
      name: .long, help: ArgumentHelp("Give the rule's reservoir so many requests per second.", valueName: "count"))
    var reservoir = 50

    @Option(name: .long, help: "Play so many seconds.")
    var seconds = 600

    @Option(name: .long, help: "Play another time.")
    var seed: UInt64 = 1

    @OptionGroup var output: JSONOption

    func validate() throws {
      if !(1...1000).contains(reservoir) { throw ValidationError("--reservoir is from 1 to 1000") }
      if !(120...86_400).contains(seconds) { throw ValidationError("--seconds is from 120 to 86400") }
    }

    func run() async throws {
      var plays: [SamplingPlay] = []
      for load in SamplingSimulation.Load.allCases {
        for clientCount in [1, 10, 1000] {
          for client in SamplingSimulation.Client.allCases {
            plays.append(
              SamplingPlay(
                SamplingSimulation(
                  clientCount: clientCount, load: load, client: client, reservoirSize: reservoir, seconds: seconds,
                  seed: seed)))
          }
        }
      }
      if let svg { try Output(path: svg).write(SamplingPlot(plays).text) }
      let tables = [SamplingPlay.table(plays)]
      let machine = Machine()
      try Output().writeLine(output.json ? tables.json(machine) : tables.text(machine))
    }
  }
}

/// A simulation and what came of it.
struct SamplingPlay {
  let simulation: SamplingSimulation
  let seconds: [SamplingSimulation.Second]

  init(_ simulation: SamplingSimulation) {
    self.simulation = simulation
    seconds = simulation.run()
  }

  var accuracy: Double { simulation.accuracy(of: seconds) }

  static func table(_ plays: [SamplingPlay]) -> BenchTable {
    var table = BenchTable(
      "sampling", "Reservoir samples after the first minute, in virtual time",
      [
        "load": "load", "clients": "clients", "client": "reports", "offered": "requests/s", "sampled": "sampled/s",
        "borrowed": "borrowed/s", "accuracy_percent": "% of due", "quotas": "highest sum of quotas",
      ])
    for play in plays {
      let counted = play.seconds.dropFirst(SamplingSimulation.warmUp)
      func mean(_ value: KeyPath<SamplingSimulation.Second, Int>) -> Double {
        Double(counted.reduce(0) { $0 + $1[keyPath: value] }) / Double(max(1, counted.count))
      }
      table.append(
        .text(play.simulation.load.rawValue), .count(play.simulation.clientCount),
        .text(play.simulation.client == .prompt ? "Fluoro's SDK" : "X-Ray's SDKs"),
        .number(mean(\.offered), places: 0), .number(mean(\.sampled), places: 1),
        .number(mean(\.borrowed), places: 1), .number(play.accuracy * 100, places: 1),
        .count(play.seconds.map(\.reserved).max() ?? 0))
    }
    return table
  }
}
