import ArgumentParser
import Glibc
import SQLiteStore
import TraceReports
import Traces
import XRayModel

struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Take segment documents from files, one a line.",
    discussion: """
      Files may be gzipped, whatever their names. Empty lines are skipped.
      Documents that X-Ray would refuse are counted by its error codes; lines
      over 1 MB count as InvalidSegment. A document is stored once, however
      often it is imported.

      EXAMPLES:
        fluoro import segments.ndjson
        fluoro import --data shop *.ndjson.gz
        fluoro export --format raw --data old | fluoro import --data new -
      """)

  @Argument(help: ArgumentHelp("Files to read; - is standard input.", valueName: "file"))
  var files: [String]

  @OptionGroup var store: StoreOptions
  @OptionGroup var output: JSONOption

  func run() async throws {
    // Better now than after the files before.
    for path in files where path != "-" && access(path, R_OK) != 0 {
      throw Failure.unreachable("cannot open \(path): \(Console.systemError)")
    }
    let writer = try store.openForWriting()
    var tally = ImportTally()
    var progress = ProgressBar(isShown: !output.json)
    do {
      for path in files {
        var file = try DocumentFile(path: path)
        try await read(&file, into: writer, &tally, &progress)
      }
    } catch {
      progress.end()
      try? await writer.close()
      if tally.documents > 0 {
        Console.say("fluoro: stopped after \(Quantity.count(tally.documents)) documents, which are stored")
      }
      throw error
    }
    tally.seconds = progress.seconds
    progress.end()
    // Once it is closed, nothing is left in SQLite's log.
    try await writer.close()
    let reader = try store.openForReading()
    tally.bytesOnDisk = try await reader.statistics().storedBytes
    try await reader.close()
    try Output().writeLine(output.json ? tally.json : tally.text)
    if tally.documents == 0, tally.rejectedTotal > 0 { throw Failure.failed("no document was accepted") }
  }

  private func read(
    _ file: inout DocumentFile, into store: SQLiteTraceStore, _ tally: inout ImportTally, _ progress: inout ProgressBar
  ) async throws {
    let before = tally.bytesRead
    defer { tally.reject(.invalidSegment, file.tooLong) }
    while let batch = try file.next() {
      for outcome in try await store.put(batch) {
        switch outcome {
        case .stored: tally.documents += 1
        case .unprocessed(let rejection): tally.reject(rejection.code)
        // The embedded store takes a document or refuses it for good.
        case .deferred: tally.reject(.invalidSegment)
        }
      }
      tally.bytesRead = before + file.bytesRead
      progress.update(documents: tally.documents, bytes: file.bytesRead, of: file.size)
    }
  }
}

/// What became of the lines of all files.
struct ImportTally {
  /// Accepted ones.
  var documents = 0
  /// By X-Ray's error code.
  private(set) var rejected: [String: Int] = [:]
  /// As they are in the files, deflated or not.
  var bytesRead = 0
  var bytesOnDisk = 0
  var seconds = 0.0

  var rejectedTotal: Int { rejected.values.reduce(0, +) }

  mutating func reject(_ code: SegmentRejection.Code, _ count: Int = 1) {
    if count > 0 { rejected[code.rawValue, default: 0] += count }
  }

  var text: String {
    let codes = rejected.sorted { $0.key < $1.key }.map { "\($0.key) \(Quantity.count($0.value))" }
    let refusals = rejectedTotal == 0 ? "" : " (\(codes.joined(separator: ", ")))"
    return """
      documents  \(Quantity.count(documents))
      rejected   \(Quantity.count(rejectedTotal))\(refusals)
      time       \(Quantity.duration(seconds))
      on disk    \(Quantity.count(bytesOnDisk)) bytes
      """
  }

  var json: String {
    var writer = JSONWriter(pretty: true)
    writer.object { writer in
      writer.member("documents", documents)
      writer.member("rejected", counts: rejected)
      writer.member("seconds", seconds)
      writer.member("bytes_read", bytesRead)
      writer.member("bytes_on_disk", bytesOnDisk)
    }
    return writer.text
  }
}
