import ArgumentParser

extension BenchCommand {
  /// Counts documents in a process of its own, so that its time is not the daemon's.
  struct BackendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "backend", abstract: "Answer like X-Ray's API on a port of this machine, and count.",
      shouldDisplay: false)

    @Option var port: UInt16
    @Option(help: "Milliseconds to each answer.") var delay = 0
    @Option(help: "What every so many batches get: a status, hang, garbage, reset or unprocessed.")
    var fault = BackendAnswer.taken
    @Option var every = 0
    @Option(help: "Only for so many seconds since the first batch.") var during: Int?
    @Option(help: "Ends by itself after so long.") var seconds = 600.0

    func run() throws {
      var backend = try CountingBackend(
        port: port, delayMilliseconds: delay, fault: fault, every: every, during: during)
      backend.run(seconds: seconds)
    }
  }
}
