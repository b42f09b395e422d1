import Foundation
import Testing
import Traces
import XRayModel

@testable import SQLiteStore
@testable import StoreWriter

/// Whether tests take the time to try everything.
let isFullRun = ProcessInfo.processInfo.environment["FLUORO_FULL"] == "1"

@Suite struct `A store whose writing process is killed with SIGKILL` {
  /// Kills that one store has to live with.
  private static let rounds = isFullRun ? 20 : 6

  @Test(.serialized, arguments: 0..<(isFullRun ? 10 : 2))
  func `has every document that was answered, none twice and none changed`(part: Int) async throws {
    let scratch = try Scratch()
    let random = RandomSource(seed: UInt64(4000 + part))
    let blockDocuments = [16, 40, 100, 24][part % 4]
    var history = History(seed: UInt64(part))
    for round in 0..<Self.rounds {
      // From before the store is open to well into its work; a third of the time while retention is at work.
      let delay = Double(random.next() % 300) / 1000
      let moment: Writer.Moment = round % 3 == 1 ? .removing(and: delay / 15) : .started(and: delay)
      let output = try await Writer.runAndKill(
        [scratch.path, "\(part)", "\(history.answered)", "\(blockDocuments)"], at: moment)
      try history.note(output)
      var options = SQLiteTraceStore.Options()
      options.blockDocuments = blockDocuments
      // Half of the time the next writer finds what the kill left, and not what opening and closing made of it.
      let files = round.isMultiple(of: 2) ? scratch : try scratch.copyOfFiles()
      let store = try SQLiteTraceStore(directory: files.path, options: options)
      let held = try history.check(try await store.allDocuments())
      let check = try await store.check()
      #expect(check.isIntact, "round \(round) of part \(part): \(check.damage) \(check.damagedTraces)")
      let traces = held.map { history.written.documents[$0] }.traces.filter { history.isKept($0.id) }
      #expect(try await store.traces(traces.map(\.id)) == traces)
      let summaries = try await store.allSummaries(by: 100).filter { history.isKept($0.id) }
      #expect(summaries == traces.map(TraceSummary.init(of:)))
      #expect(try await store.statistics().documents == held.count)
      try await store.close()
    }
    #expect(history.answered > 0)
    #expect(!isFullRun || history.interruptedRemovals > 0)
  }
}

/// What a store was asked to do, over the lives of several writers.
private struct History {
  var written: WrittenDocuments
  /// Documents before this one were answered.
  private(set) var answered = 0
  /// Kills after which a removal had begun and not ended.
  private(set) var interruptedRemovals = 0
  /// When the last document of each trace came: with a batch, so by the number of its first document.
  private var last: [TraceID: Int] = [:]
  /// Traces may be gone whose documents are all before the one, and must be when they are all before the other.
  private var removing = 0
  private var removed = 0

  init(seed: UInt64) { written = WrittenDocuments(seed: seed) }

  mutating func note(_ output: String) throws {
    // The last line may be cut off.
    for line in output.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      let words = line.split(separator: " ")
      guard words.count == 2, let number = Int(words[1]) else { throw Unexpected(output: output) }
      switch words[0] {
      case "put": answered = number
      case "removing": removing = max(removing, number)
      case "removed": removed = max(removed, number)
      default: throw Unexpected(output: output)
      }
    }
    if removing > removed { interruptedRemovals += 1 }
    // One batch more may have been committed.
    written.make(answered + WrittenDocuments.batch)
    for (number, owner) in written.owners.enumerated() {
      last[owner] = number / WrittenDocuments.batch * WrittenDocuments.batch
    }
  }

  struct Unexpected: Error { var output: String }

  /// Whether nobody asked for the trace to be removed. Others go block by block, and may be half gone.
  func isKept(_ trace: TraceID) -> Bool { (last[trace] ?? 0) >= removing }

  /// Compares what a store holds with what it has to, and returns the numbers of the documents that it holds.
  func check(_ found: [[UInt8]]) throws -> [Int] {
    let numbers = Dictionary(uniqueKeysWithValues: written.documents.enumerated().map { ($0.element, $0.offset) })
    let held = try found.map {
      try #require(numbers[$0], "a document that was never put: \(String(decoding: $0, as: UTF8.self))")
    }
    #expect(held == held.sorted() && Set(held).count == held.count, "not in order, or twice")
    let all = Set(held)
    let isAnswered = 0..<answered
    let missing = isAnswered.filter { !all.contains($0) && isKept(written.owners[$0]) }
    #expect(missing == [], "answered, and lost")
    let stale = held.filter { (last[written.owners[$0]] ?? 0) < removed }
    #expect(stale == [], "removed, and there again")
    let unanswered = held.filter { !isAnswered.contains($0) }
    #expect(unanswered.isEmpty || unanswered.count == WrittenDocuments.batch, "a part of a batch")
    return held
  }
}

/// The program that writes, in a process of its own.
private enum Writer {
  /// When to kill it, by the seconds after something happened.
  enum Moment {
    case started(and: Double)
    case removing(and: Double)
  }

  /// Runs it, and kills it. Returns what it said.
  static func runAndKill(_ arguments: [String], at moment: Moment) async throws -> String {
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    let folder = URL(fileURLWithPath: bundle).deletingLastPathComponent()
    let process = Process()
    process.executableURL = folder.appendingPathComponent("StoreWriter")
    process.arguments = arguments
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("fluoro-writer-" + UUID().uuidString)
    FileManager.default.createFile(atPath: file.path, contents: nil)
    defer { try? FileManager.default.removeItem(at: file) }
    // A file, not a pipe: what was said before the kill is not lost.
    let output = try FileHandle(forWritingTo: file)
    process.standardOutput = output
    try process.run()
    switch moment {
    case .started(let delay): try await Task.sleep(for: .seconds(delay))
    case .removing(let delay):
      for _ in 0..<5000 where process.isRunning {
        if try said(file).split(separator: "\n").last?.hasPrefix("removing") == true { break }
        try await Task.sleep(for: .milliseconds(1))
      }
      try await Task.sleep(for: .seconds(delay))
    }
    let wasRunning = process.isRunning
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    let text = try said(file)
    try #require(wasRunning, "the writer ended by itself with \(process.terminationStatus): \(text.suffix(200))")
    return text
  }

  private static func said(_ file: URL) throws -> String { String(decoding: try Data(contentsOf: file), as: UTF8.self) }
}
