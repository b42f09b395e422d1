import ArgumentParser
import DaemonProgram
import Glibc
import Logging
import SQLiteStore
import TraceReports
import Traces
import XRayDaemon
import XRayModel

struct ReceiveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "receive",
    abstract: "Take what X-Ray SDKs send, until Ctrl-C.",
    discussion: """
      Says on standard error where it listens when it is ready. On SIGINT or
      SIGTERM it stores what it received, prints what became of every document,
      and ends; exit code 1 tells that some were lost.

      EXAMPLES:
        fluoro receive
        fluoro receive --listen 0.0.0.0:2000 --data shop
        fluoro receive --retention 30d --retention-bytes 2GB
        AWS_XRAY_DAEMON_ADDRESS=127.0.0.1:2000 python3 app.py    elsewhere
      """)

  @Option(
    name: .long, help: ArgumentHelp("Where to listen for datagrams; port 0 takes a free one.", valueName: "host:port"))
  var listen = ListenAddress(host: "127.0.0.1", port: 2000)

  @OptionGroup var retention: RetentionOptions
  @OptionGroup var store: StoreOptions
  @OptionGroup var output: JSONOption

  func run() async throws {
    let store = try store.openForWriting()
    let daemon = try makeDaemon(for: store)
    let signals = await SignalStream.of(SIGINT, SIGTERM)
    Console.say("fluoro: listening on \(daemon.address), storing in \(self.store.data)")
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await retention.keep(store) }
      group.addTask { for await _ in signals { daemon.stop() } }
      try await daemon.run()
      group.cancelAll()
    }
    let statistics = try await store.statistics()
    try await store.close()
    let ledger = daemon.ledger
    try Output().writeLine(output.json ? ledger.json(statistics) : ledger.text)
    let lost = ledger.hops.reduce(0) { $0 + $1.droppedTotal }
    if lost > 0 { throw Failure.failed("\(Quantity.count(lost)) documents were lost") }
    if !ledger.gaps.isEmpty { throw Failure.failed("the counts do not add up: \(ledger.gaps)") }
  }

  private func makeDaemon(for store: SQLiteTraceStore) throws -> Daemon {
    var configuration = Daemon.Configuration()
    configuration.address = DatagramAddress(host: listen.host, port: listen.port)
    // Whoever looks right after sending should find it.
    configuration.batchInterval = .milliseconds(200)
    configuration.batchDocuments = 1000
    var logger = Logger(label: "fluoro") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .warning
    do {
      return try Daemon(configuration: configuration, sink: store, logger: logger)
    } catch {
      throw Failure.unreachable("\(error)")
    }
  }
}

/// A host and a port, as `127.0.0.1:2000` or `[::1]:2000`.
struct ListenAddress: ExpressibleByArgument {
  var host: String
  var port: UInt16

  init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  init?(argument: String) {
    guard let colon = argument.lastIndex(of: ":"), let port = UInt16(argument[argument.index(after: colon)...])
    else { return nil }
    var host = argument[..<colon]
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    if isBracketed { host = host.dropFirst().dropLast() }
    guard !host.isEmpty, isBracketed == host.contains(":") else { return nil }
    self.init(host: String(host), port: port)
  }

  var defaultValueDescription: String { "\(host):\(port)" }
}

extension Ledger {
  /// A line a hop.
  fileprivate var text: String {
    hops.map { hop in
      var parts = ["\(hop.name): received \(Quantity.count(hop.received)), passed on \(Quantity.count(hop.passedOn))"]
      for (verb, counts) in [("rejected", hop.rejected), ("lost", hop.dropped)] {
        parts += counts.sorted { $0.key < $1.key }.map { "\(verb) \(Quantity.count($0.value)) (\($0.key))" }
      }
      if hop.held > 0 { parts.append("still held \(Quantity.count(hop.held))") }
      return parts.joined(separator: ", ")
    }.joined(separator: "\n")
  }

  fileprivate func json(_ statistics: StoreStatistics) -> String {
    var writer = JSONWriter(pretty: true)
    writer.object { writer in
      writer.key("hops")
      writer.array { writer in
        for hop in hops {
          writer.object { writer in
            writer.member("name", hop.name)
            writer.member("received", hop.received)
            writer.member("passed_on", hop.passedOn)
            writer.member("rejected", counts: hop.rejected)
            writer.member("dropped", counts: hop.dropped)
            writer.member("held", hop.held)
          }
        }
      }
      writer.member("documents", statistics.documents)
      writer.member("traces", statistics.traces)
      writer.member("bytes_on_disk", statistics.storedBytes)
    }
    return writer.text
  }
}
