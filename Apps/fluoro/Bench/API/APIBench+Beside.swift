import Glibc
import XRayModel

extension APIBench {
  /// The same calls to each server with nothing in it before. Without a filter, which others do not have.
  mutating func measureBeside() throws {
    guard !peers.isEmpty else { return }
    let (puts, ids) = try putCalls(effort.besideDocuments)
    let random = RandomSource(seed: 1)
    let lookups = (0..<effort.lookups).map { _ in APICall.batchGetTraces(Self.five(of: ids, random)) }
    let page = APICall.getTraceSummaries(Timestamp.range(around: ids), matching: nil)
    let steps: [(name: String, calls: [APICall], check: (JSONValue) throws -> Void)] = [
      (
        "PutTraceSegments of 50", puts,
        { answer in
          let count = answer["UnprocessedTraceSegments"]?.array?.count ?? 0
          guard count == 0 else { throw Failure.failed("\(count) of 50 documents were not taken") }
        }
      ),
      ("BatchGetTraces of five", lookups, { _ = try Self.fiveTraces($0) }),
      ("GetTraceSummaries", Array(repeating: page, count: effort.pages), { _ = try Self.summaries($0) }),
    ]
    var own: [BesideRun] = []
    for server in [self.own] + peers {
      say("the same calls to \(server.name)")
      let directory = "\(folder)/beside"
      defer { TemporaryFolder.remove(directory) }
      do {
        let running = try server.start(data: directory, log: log)
        defer { running.process?.stop(within: 10) }
        let runs = try steps.map { try BesideRun(running, $0.calls, $0.check) }
        if own.isEmpty { own = runs }
        for (step, (run, base)) in zip(steps, zip(runs, own)) { append(step.name, server.name, run, base) }
      } catch {
        // What was measured of the others is still worth telling.
        guard server.name != self.own.name else { throw error }
        let why = (error as? Failure)?.message ?? "\(error)"
        say("\(server.name): \(why)")
        for step in steps { appendMissing(step.name, server.name, why) }
      }
    }
  }

  private mutating func append(_ step: String, _ server: String, _ run: BesideRun, _ own: BesideRun) {
    var samples = run.load.samples
    var ownSamples = own.load.samples
    beside.append(
      .text(step), .text(server), .count(effort.besideDocuments), .count(samples.count), .count(run.load.connections),
      .number(run.processorMicroseconds, places: 0), samples.cell(0.5), samples.cell(0.99, least: 100),
      .count(run.load.answerBytes / max(1, samples.count)),
      .number(run.processorMicroseconds / own.processorMicroseconds, places: 2),
      .number(samples.percentile(0.5) / ownSamples.percentile(0.5), places: 2))
  }

  private mutating func appendMissing(_ step: String, _ server: String, _ why: String) {
    let none = BenchTable.Cell.missing("-")
    beside.append(
      .text(step), .text(server), .count(effort.besideDocuments), .missing(why), none, none, none, none, none, none,
      none)
  }
}

/// Some calls to a server, one after the other; the first is not measured.
private struct BesideRun {
  let load: CallLoad
  /// Of the server, for each call; NaN for one that somebody else started.
  let processorMicroseconds: Double

  init(_ running: RunningServer, _ calls: [APICall], _ check: (JSONValue) throws -> Void) throws {
    // Some load what they need with the first call.
    _ = try CallLoad(Array(calls.prefix(1)), port: running.port, check: check)
    let before = running.processorSeconds
    load = try CallLoad(Array(calls.dropFirst()), port: running.port, check: check)
    // Some work is done after the answer.
    usleep(500_000)
    processorMicroseconds = (running.processorSeconds - before) / Double(max(1, calls.count - 1)) * 1e6
  }
}
