import ArgumentParser
import SQLiteStore
import TraceReports
import XRayModel

/// How long, and how much, a store keeps.
struct RetentionOptions: ParsableArguments {
  @Option(
    name: .long, help: ArgumentHelp("Forget traces that were last seen longer ago: 12h, 30d.", valueName: "age"))
  var retention: Age?

  @Option(
    name: .customLong("retention-bytes"),
    help: ArgumentHelp(
      "Forget the traces seen longest ago while the file is larger: 500MB, 2GB.", valueName: "size"))
  var bytes: ByteSize?

  var isEmpty: Bool { retention == nil && bytes == nil }

  /// Forgets what is too old or too much. Returns the number of documents.
  func apply(to store: SQLiteTraceStore) async throws -> Int {
    var removed = 0
    if let retention {
      removed += try await store.removeTraces(
        lastSeenBefore: SystemClock().now.advanced(by: .seconds(-retention.seconds)))
    }
    if let bytes { removed += try await store.removeTraces(untilBytes: bytes.count) }
    return removed
  }

  /// Applies it every minute until the task is cancelled. What fails once is tried again.
  func keep(_ store: SQLiteTraceStore) async {
    while !isEmpty, !Task.isCancelled {
      do {
        let removed = try await apply(to: store)
        if removed > 0 { Console.say("fluoro: forgot \(Quantity.count(removed)) documents") }
      } catch {
        Console.say("fluoro: cannot forget what is too old: \(error)")
      }
      try? await Task.sleep(for: .seconds(60))
    }
  }
}

/// A length of time as people write it: `45s`, `30m`, `12h`, `7d`.
struct Age: ExpressibleByArgument {
  var seconds: Int64

  init?(argument: String) {
    guard case .ago(let seconds)? = Moment(argument: argument), seconds > 0 else { return nil }
    self.seconds = seconds
  }
}

/// A size as people write it: bytes, or with `kB`, `MB`, `GB`, `TB`.
struct ByteSize: ExpressibleByArgument {
  var count: Int

  init?(argument: String) {
    let units = [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000), ("B", 1), ("", 1)]
    guard let (suffix, unit) = units.first(where: { argument.uppercased().hasSuffix($0.0.uppercased()) }),
      let number = Double(argument.dropLast(suffix.count)), number > 0, number * Double(unit) < 9e18
    else { return nil }
    count = Int(number * Double(unit))
  }
}
