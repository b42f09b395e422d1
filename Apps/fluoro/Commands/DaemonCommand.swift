import ArgumentParser
import DaemonOptions
import DaemonProgram
import Glibc
import SQLiteStore
import XRayDaemon

/// The daemon's flags are those of the official one, with its grammar: all arguments go through to it.
struct DaemonCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "daemon",
    abstract: "A drop-in for the official X-Ray daemon: its flags, cfg.yaml and log lines.",
    discussion: """
      `fluoro daemon --help` lists the flags. Beside them, --store DIR keeps
      every document in a store, too, for `fluoro traces` to read.

      EXAMPLES:
        fluoro daemon -o -n eu-west-1
        fluoro daemon -c cfg.yaml --spool /var/spool/xray
        fluoro daemon --endpoint http://127.0.0.1:3000 --store fluoro-data
      """)

  @Argument(parsing: .captureForPassthrough)
  var arguments: [String] = []

  func run() async throws {
    var arguments = arguments
    var destinations: [Daemon.Destination] = []
    var store: SQLiteTraceStore?
    if let directory = try Self.take("--store", from: &arguments) {
      let opened = try StoreOptions.open(directory, .init())
      destinations.append(.init(name: "store", sink: opened))
      store = opened
    }
    let program = DaemonProgram(
      .process(program: "fluoro daemon", version: Fluoro.configuration.version, arguments: arguments),
      and: destinations)
    let status = await program.run()
    if arguments.contains(where: ["-h", "-help", "--help"].contains) {
      print("\nBeside these, --store DIR keeps every document in a store, too, for fluoro traces to read.")
    }
    try await store?.close()
    if status != 0 { Glibc.exit(status) }
  }

  /// Removes `name value` or `name=value`.
  private static func take(_ name: String, from arguments: inout [String]) throws -> String? {
    guard let place = arguments.firstIndex(where: { $0 == name || $0.hasPrefix("\(name)=") }) else { return nil }
    let found = arguments.remove(at: place)
    if found != name { return String(found.dropFirst(name.count + 1)) }
    guard place < arguments.count else { throw ValidationError("\(name) needs a folder") }
    return arguments.remove(at: place)
  }
}
