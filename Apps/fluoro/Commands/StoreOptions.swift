import ArgumentParser
import SQLiteStore

/// Where the traces are.
struct StoreOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("The folder that holds the traces.", valueName: "dir"))
  var data = "fluoro-data"

  /// Opens what is there, without changing it; another process may write to it meanwhile.
  func openForReading() throws -> SQLiteTraceStore { try Self.open(data, .init(isReadOnly: true)) }

  /// Opens the store as its only writer, and makes the folder when it is not there.
  func openForWriting() throws -> SQLiteTraceStore { try Self.open(data, .init()) }

  static func open(_ data: String, _ options: SQLiteTraceStore.Options) throws -> SQLiteTraceStore {
    do {
      return try SQLiteTraceStore(directory: data, options: options)
    } catch {
      throw Failure.unreachable("cannot open \(data): \(error)")
    }
  }
}

/// For scripts.
struct JSONOption: ParsableArguments {
  @Flag(name: .long, help: "Print one JSON document instead of text for people.")
  var json = false
}
