import ArgumentParser
import XRayModel

extension BenchCommand {
  /// Sends documents in a process of its own, so that its time is not the daemon's.
  struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "load", abstract: "Send made-up documents to a port of this machine.", shouldDisplay: false)

    @Option var port: UInt16
    @Option(help: "Datagrams per second; as fast as it goes without.") var rate: Double?
    @Option var count: Int
    @Option var bytes = 1200

    func validate() throws {
      guard LoadDatagram.leastBytes...LoadDatagram.mostBytes ~= bytes else {
        throw ValidationError(
          "--bytes is \(bytes), and should be \(LoadDatagram.leastBytes) to \(LoadDatagram.mostBytes)")
      }
      if let rate, rate <= 0 || !rate.isFinite { throw ValidationError("--rate is \(rate), and should be above 0") }
    }

    func run() throws {
      let report = try LoadGenerator(port: port, rate: rate, count: count, size: bytes).run()
      var writer = JSONWriter()
      report.write(to: &writer)
      try Output().writeLine(writer.text)
    }
  }
}
