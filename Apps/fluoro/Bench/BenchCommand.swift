import ArgumentParser
import TraceReports
import XRayModel

struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure Fluoro on this machine.",
    subcommands: [
      StoreCommand.self, DaemonCommand.self, APICommand.self, LambdaCommand.self, SamplingCommand.self,
      GrowCommand.self, LoadCommand.self, BackendCommand.self, LambdaRuntimeCommand.self,
    ])

  struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "store",
      abstract: "Measure how fast the store takes documents and answers, and how small it keeps them.",
      discussion: """
        Stores documents of simulated Lambda functions in temporary stores, and
        reads them again; then compares with zlib, zstd, a row per document, and
        with arize-phoenix and clickhouse-server where they are installed. If
        FLUORO_CORPUS names a folder, the documents in its stream/*.ndjson.zst
        are measured, too, up to 100,000 of each.

        Stores grow up to --documents: to 100,000, 1,000,000, 2,920,000 (which
        are a million traces) and 5,000,000. The first table says which targets
        are met; those for large stores need that many documents.

        EXAMPLES:
          fluoro bench store --quick                         half a minute
          fluoro bench store                                 some 5 minutes
          fluoro bench store --documents 5000000             some 15 minutes, 2 GB of free disk
          fluoro bench store --documents 5000000 --json > bench.json
        """)

    @Option(
      name: .long, help: ArgumentHelp("Let stores grow to so many; 100000, or 8000 with --quick.", valueName: "count"))
    var documents: Int?

    @Option(name: .long, help: "Make up other documents.")
    var seed: UInt64 = 1

    @Flag(name: .long, help: "Fewer documents and runs: less than half a minute.")
    var quick = false

    @OptionGroup var output: JSONOption

    func validate() throws {
      if let documents, documents < 100 {
        throw ValidationError("--documents is \(documents), and should be 100 or more")
      }
    }

    func run() async throws {
      let size = documents ?? (quick ? 8_000 : 100_000)
      let count = min(size, 100_000)
      let machine = Machine()
      if !machine.isOptimized { Console.say("fluoro: a debug build; its figures say nothing") }
      let folder = try TemporaryFolder()
      defer { folder.remove() }
      let say: (String) -> Void = { Console.say("bench: \($0)") }
      var bench = StoreBench(folder: folder.path, effort: quick ? .quick : .full, seed: seed, say: say)
      say("making \(Quantity.count(count)) documents")
      try await bench.measure(DocumentSet.synthetic(count, seed: seed, in: folder.path))
      for file in DocumentSet.recordedFiles {
        say("unpacking \(file)")
        if let documents = try DocumentSet.recorded(file, limit: count, in: folder.path) {
          try await bench.measure(documents)
        } else {
          say("zstd is not installed, so that \(file) is left out")
        }
      }
      try await bench.measureRetention()
      try await bench.measureGrowth(to: size)
      try await bench.comparePeers()
      try Output().writeLine(output.json ? bench.tables.json(machine) : bench.tables.text(machine))
    }
  }
}
