import SQLiteStore
import TraceReports
import XRayModel

extension APIBench {
  /// Puts documents over one connection and over four, each time into a new store.
  mutating func measurePuts() async throws {
    say("making \(Quantity.count(effort.documents)) documents")
    let calls = try putCalls(effort.documents).calls
    var unaccounted = 0
    for connections in [1, 4] {
      var rates: [Double] = []
      for run in 1...effort.putRuns {
        say("PutTraceSegments, connections: \(connections), \(run) of \(effort.putRuns)")
        let put = try await PutRun(calls, documents: effort.documents, connections, own, folder: folder)
        rates.append(put.documentsPerProcessorSecond)
        unaccounted += abs(put.sent - put.unprocessed - put.stored) + abs(put.stored - put.held)
        append(put, connections, run)
      }
      targets.judge(.ingest, "connections: \(connections)", rates.median)
    }
    targets.judge(.accounted, "\(Quantity.count(effort.documents * effort.putRuns * 2)) sent", Double(unaccounted))
  }

  private mutating func append(_ put: PutRun, _ connections: Int, _ run: Int) {
    var samples = put.load.samples
    let count = Double(put.sent)
    puts.append(
      .count(connections), .count(run), .count(put.sent), .number(put.documentsPerProcessorSecond, places: 0),
      .number(put.processorSeconds / count * 1e6, places: 1),
      .number(put.lateProcessorSeconds / count * 1e6, places: 1), .number(count / put.load.seconds, places: 0),
      samples.cell(0.5), samples.cell(0.99, least: 100), .number(put.peakBytes / 1e6, places: 1),
      .number(put.ending.seconds * 1e3, places: 0), .text(put.ending.status.map { "\($0)" } ?? "killed"))
    ledger.append(
      .count(connections), .count(run), .count(put.sent), .count(put.unprocessed), .count(put.held),
      .count(put.stored), .count(put.sent - put.unprocessed - put.stored))
  }
}

/// A server with a new store for the time of some puts.
private struct PutRun {
  let sent: Int
  let load: CallLoad
  /// As the answers say.
  let unprocessed: Int
  /// As the server says after the last answer.
  let held: Int
  /// As the store says after the server's end.
  let stored: Int
  /// From the first call to the end of the process, for work is put off.
  let processorSeconds: Double
  /// The part of it after the last answer.
  let lateProcessorSeconds: Double
  let peakBytes: Double
  let ending: MeasuredProcess.Ending

  var documentsPerProcessorSecond: Double { Double(sent) / processorSeconds }

  init(_ calls: [APICall], documents: Int, _ connections: Int, _ server: TestedServer, folder: String) async throws {
    let directory = "\(folder)/put"
    defer { TemporaryFolder.remove(directory) }
    let running = try server.start(data: directory, log: "\(folder)/log")
    guard let process = running.process else { throw Failure.failed("\(server.name) is not ours to stop") }
    var ending: MeasuredProcess.Ending?
    defer { if ending == nil { process.stop(within: 1) } }
    let before = process.processorSeconds
    var unprocessed = 0
    load = try CallLoad(calls, over: connections, port: running.port) { answer in
      unprocessed += answer["UnprocessedTraceSegments"]?.array?.count ?? 0
    }
    let answered = process.processorSeconds
    peakBytes = process.memory.peakBytes
    held = Self.documents(inMetrics: Loopback.get("/metrics", port: running.port) ?? "")
    let ended = process.stop()
    ending = ended
    self.ending = ended
    sent = documents
    self.unprocessed = unprocessed
    processorSeconds = ended.processorSeconds - before
    lateProcessorSeconds = ended.processorSeconds - answered
    let store = try SQLiteTraceStore(directory: directory, options: .init(isReadOnly: true))
    stored = try await store.statistics().documents
    try await store.close()
  }

  private static func documents(inMetrics text: String) -> Int {
    for line in text.split(separator: "\n") where line.hasPrefix("fluoro_store_documents ") {
      return line.split(separator: " ").last.flatMap { Double($0) }.map { Int($0) } ?? 0
    }
    return 0
  }
}
