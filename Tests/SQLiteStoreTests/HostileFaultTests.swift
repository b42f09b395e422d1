import Foundation
import Testing
import Traces
import XRayModel

@testable import SQLiteStore

@Suite(.serialized) struct `Documents that want to do harm` {
  private static let scale = isFullRun ? 1 : 20
  private let scratch: Scratch
  private let random = RandomSource(seed: 77)

  init() throws { scratch = try Scratch() }

  @Test func `with one key of 64 KB come back as they were sent`() async throws {
    // Each with another key: together more than a block takes.
    let documents = (0..<(isFullRun ? 400 : 80)).map { number in
      document(members: "\"annotations\":{\"\(letters(64_000, number))\":1}")
    }
    try await expectStored(documents, mebibytes: 400)
  }

  @Test func `nested as deep as the scanner goes come back, and deeper ones are refused`() async throws {
    func nested(_ depth: Int, _ open: String, _ close: String) -> [UInt8] {
      document(
        members:
          "\"metadata\":{\"a\":\(String(repeating: open, count: depth))1\(String(repeating: close, count: depth))}")
    }
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    var accepted: [[UInt8]] = []
    for depth in [1, 20, 100, 120, 124, 125, 126, 127, 128, 129, 1000, 10_000] {
      for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let document = nested(depth, open, close)
        switch try await store.put([document]).first {
        case .stored?: accepted.append(document)
        case .unprocessed(let rejection)?: #expect(depth > 100 && rejection.code == .parseError, "\(depth)")
        case .deferred?, nil: Issue.record("no answer")
        }
        #expect(depth < 129 || accepted.last != document)
      }
    }
    // Subsegments, which are compiled one in the other.
    for depth in [1, 30, 60, 63, 64, 70, 5000] {
      let head = "{\"id\":\"\(random.entityID())\",\"name\":\"n\",\"start_time\":1,\"end_time\":2"
      let inner = (0..<depth).reduce("") { text, _ in "\"subsegments\":[\(head)\(text.isEmpty ? "" : ",")\(text)}]" }
      let document = document(members: inner)
      if try await store.put([document]) == [.stored] { accepted.append(document) }
      #expect(depth < 1000 || accepted.last != document)
    }
    try await expectAnswers(of: store, accepted)
  }

  @Test func `with 50,000 annotation keys neither fill the memory nor hide one another`() async throws {
    let documents = (0..<50_000 / Self.scale / 10).map { number in
      let members = (0..<10).map { "\"key_\(number * 10 + $0)\":\"\(random.entityID())\"" }
      return document(members: "\"annotations\":{\(members.joined(separator: ","))}")
    }
    try await expectStored(documents, mebibytes: 500)
  }

  @Test func `with numbers of all sizes come back digit by digit`() async throws {
    let numbers = [
      "1e308", "-1e308", "1e309", "1e-400", "123456789012345678901234567890", "0.1e+1", "-0", "1E5", "9007199254740993",
      String(repeating: "9", count: 30_000), "0." + String(repeating: "3", count: 30_000), "1e99999999999999999999",
      "18446744073709551616", "-9223372036854775809", "4.9e-324",
    ]
    var documents = numbers.map { document(members: "\"annotations\":{\"n\":\($0)},\"metadata\":{\"m\":[\($0)]}") }
    documents += numbers.map {
      document(members: "\"http\":{\"response\":{\"status\":\($0),\"content_length\":\($0)}}")
    }
    // Times at the ends of what can be told.
    for time in ["0", "1", "-1", "1e10", "253402300799.9999999", "1e18", "922337203685.4775807", "1e-7"] {
      documents.append(document(members: "\"x\":0", start: time, end: time))
      documents.append(document(members: "\"x\":1", start: "0", end: time))
    }
    try await expectStored(documents, mebibytes: 300)
  }

  @Test func `that all have another shape do not make the block larger than themselves`() async throws {
    let documents = (0..<20_000 / Self.scale).map { number in
      let members = (0..<20).filter { number >> $0 & 1 == 1 || random.next() % 4 == 0 }.map { bit in
        "\"\(letters(Int(random.next() % 12) + 1, bit))\(bit)\":\(["true", "null", "[]", "{}", "\"\"", "1.5"][Int(random.next() % 6)])"
      }
      return document(members: "\"metadata\":{\(members.joined(separator: ","))}")
    }
    try await expectStored(documents, mebibytes: 400)
    let bytes = documents.reduce(0) { $0 + $1.count }
    #expect(try #require(fileSize(scratch.file)) < bytes * 5 / 4 + 200_000)
  }

  @Test func `that are one trace of 20,000 are compiled up to a limit, and all kept`() async throws {
    let trace = random.traceID(at: epoch)
    let documents = (0..<(isFullRun ? 20_000 : 6_000)).map { number in
      SQLiteStoreTests.document(of: trace, id: random.entityID(), start: epoch.advanced(by: .milliseconds(number)))
    }
    let memory = MemoryGrowth()
    let store = try SQLiteTraceStore(directory: scratch.path, options: .init())
    #expect(try await store.put(documents, by: 500).allSatisfy { $0 == .stored })
    // Sent again, nothing is stored twice.
    try await store.put(Array(documents.suffix(700)), by: 500)
    #expect(try await store.allDocuments() == documents)
    let compiled = try await store.traces([trace])
    #expect(compiled.map(\.id) == [trace] && compiled.allSatisfy { $0.segments.count > 1 })
    #expect(try await store.allSummaries() == compiled.map(TraceSummary.init(of:)))
    #expect(try await store.check().isIntact)
    try await store.close()
    memory.expect(atMost: 500, "one trace")
  }

  @Test func `that are as many traces as a block has room for are all found`() async throws {
    let documents = (0..<4096 * (isFullRun ? 3 : 1)).map { number in
      let start = epoch.advanced(by: .milliseconds(number))
      return SQLiteStoreTests.document(of: random.traceID(at: start), id: random.entityID(), start: start)
    }
    try await expectStored(documents, mebibytes: 500)
  }

  @Test func `that claim to belong to traces of all times keep their order`() async throws {
    let documents = (0..<2000 / Self.scale).map { number in
      let id = TraceID(
        epoch: UInt32(truncatingIfNeeded: random.next()), high: number % 2 == 0 ? 0 : .max, low: random.next())
      return SQLiteStoreTests.document(of: id, id: random.entityID(), start: epoch)
    }
    try await expectStored(documents, mebibytes: 300)
  }

  // MARK: What is expected

  /// Puts documents into a store that is new, and expects of it all that a store does.
  private func expectStored(_ documents: [[UInt8]], mebibytes: Int) async throws {
    let memory = MemoryGrowth()
    let store = try SQLiteTraceStore(directory: scratch.path, options: .init())
    let outcomes = try await store.put(documents, by: 200)
    let accepted = zip(documents, outcomes).filter { $0.1 == .stored }.map(\.0)
    #expect(accepted.count * 10 >= documents.count * 5, "most are valid documents")
    if isFullRun { try await expectAnswers(of: store, accepted) }
    try await store.close()
    let opened = try SQLiteTraceStore(directory: scratch.path, options: .readOnly)
    try await expectAnswers(of: opened, accepted)
    try await opened.close()
    memory.expect(atMost: mebibytes, "\(documents.count) documents")
  }

  private func expectAnswers(of store: SQLiteTraceStore, _ accepted: [[UInt8]]) async throws {
    let traces = accepted.traces
    #expect(try await store.allDocuments() == accepted)
    #expect(try await store.traces(traces.map(\.id)) == traces)
    #expect(try await store.allSummaries(by: 500) == traces.map(TraceSummary.init(of:)))
    #expect(try await store.serviceGraph(in: nil) == ServiceGraph(of: traces))
    let check = try await store.check()
    #expect(check.isIntact, "\(check.damage)")
    #expect(check.documents == accepted.count && check.traces == traces.count)
  }

  // MARK: Documents

  /// A segment of a trace of its own.
  private func document(members: String, start: String = "1700000000.5", end: String = "1700000001.25") -> [UInt8] {
    Array(
      """
      {"trace_id":"\(random.traceID(at: epoch))","id":"\(random.entityID())","name":"hostile","start_time":\(start),\
      "end_time":\(end),\(members)}
      """.utf8)
  }

  /// A word of that many letters.
  private func letters(_ count: Int, _ number: Int) -> String {
    let letters = Array("abcdefghijklmnopqrstuvwxyz_ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
    let own = RandomSource(seed: UInt64(number))
    return String(decoding: (0..<count).map { _ in letters[Int(own.next() % 53)] }, as: UTF8.self)
  }
}

/// How much more memory is resident than at the start, at the most. All tests run in one process, and the others beside
/// this one were seen to take 450 MiB meanwhile: a bound can only be a wide one.
private struct MemoryGrowth {
  private let start: Int

  init() {
    // Sets the highest mark back.
    if let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") { try? file.write(contentsOf: Data("5".utf8)) }
    start = Self.value("VmRSS:")
  }

  func expect(atMost mebibytes: Int, _ what: String) {
    let growth = (Self.value("VmHWM:") - start) >> 10
    print("\(what): \(growth) MiB more")
    #expect(growth <= 1000 + mebibytes)
  }

  /// KiB; 0 where the system does not tell.
  private static func value(_ name: String) -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
  }
}
