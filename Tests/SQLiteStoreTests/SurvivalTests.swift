import Foundation
import GRDB
import Synchronization
import Testing
import Traces
import XRayModel

@testable import SQLiteStore

@Suite struct `A store whose process is killed` {
  let scratch: Scratch
  init() throws { scratch = try Scratch() }

  @Test(arguments: [1, 11, 64])
  func `holds every batch that was answered, once`(batchSize: Int) async throws {
    let documents = makeDocuments(batchSize * 6)
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    var answered = 0
    for batch in documents.batches(of: batchSize) {
      answered += try await store.put(batch).count
      let left = try scratch.copyOfFiles()
      let opened = try SQLiteTraceStore(directory: left.path, options: .small)
      #expect(try await opened.allDocuments() == Array(documents[..<answered]))
      // The client did not get the answer and sends everything again.
      try await opened.put(documents, by: batchSize)
      #expect(try await opened.allDocuments() == documents)
      #expect(try await opened.check().isIntact)
    }
  }

  @Test(arguments: 1...4)
  func `holds every batch that was answered, once, whatever was being sealed`(seed: Int) async throws {
    let documents = makeDocuments(300, seed: UInt64(seed))
    var options = SQLiteTraceStore.Options()
    options.blockDocuments = 40
    let store = try SQLiteTraceStore(directory: scratch.path, options: options)
    let progress = Progress()
    let random = RandomSource(seed: UInt64(seed))
    async let put: Void = {
      for batch in documents.batches(of: 7) { progress.add(try await store.put(batch).count) }
    }()
    // The files are copied at any moment: while a batch is written, a block encoded, a block sealed.
    var copies: [(files: Scratch, least: Int)] = []
    while case let answered = progress.answered, answered < documents.count {
      copies.append((try scratch.copyOfFiles(), answered))
      for _ in 0..<random.next() % 64 { await Task.yield() }
    }
    try await put
    // So little is put that SQLite only ever appended to its log: what was copied is what a kill would have left.
    #expect(try #require(fileSize(scratch.file + "-wal")) < 1000 * 4096)
    #expect(!copies.isEmpty)
    for (files, least) in copies {
      let opened = try SQLiteTraceStore(directory: files.path, options: options)
      #expect(try await opened.check().isIntact)
      let held = try await opened.allDocuments()
      #expect(held.count >= least && held == Array(documents[..<held.count]))
      try await opened.put(documents, by: 50)
      #expect(try await opened.allDocuments() == documents)
      #expect(try await opened.check().isIntact)
      try await opened.close()
    }
    #expect(try await store.allDocuments() == documents)
    try await store.close()
  }

  @Test func `holds a batch whole or not at all, wherever the last write stopped`() async throws {
    let documents = makeDocuments(60)
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await store.put(documents, by: 20)
    let size = try #require(fileSize(scratch.file + "-wal"))
    let random = RandomSource(seed: 8)
    var found: Set<Int> = []
    for _ in 0..<20 {
      let left = try scratch.copyOfFiles()
      truncate(left.file + "-wal", Int(random.next() % UInt64(size)))
      let opened = try SQLiteTraceStore(directory: left.path, options: .small)
      let held = try await opened.allDocuments()
      #expect(held.count.isMultiple(of: 20) && held == Array(documents[..<held.count]))
      found.insert(held.count)
    }
    #expect(found.count > 2)
  }
}

/// How much of something that goes on is done.
private final class Progress: Sendable {
  private let count = Mutex(0)
  var answered: Int { count.withLock(\.self) }
  func add(_ more: Int) { count.withLock { $0 += more } }
}

@Suite struct `A full disk` {
  let scratch: Scratch
  init() throws { scratch = try Scratch() }

  @Test func `refuses the batch whole and keeps the store usable`() async throws {
    let documents = makeDocuments(1600)
    var options = SQLiteTraceStore.Options.small
    options.pageLimit = 30
    let store = try SQLiteTraceStore(directory: scratch.path, options: options)
    var answered: [[UInt8]] = []
    let error = await expectError(.diskFull) {
      for part in stride(from: 0, to: 1600, by: 40) {
        let part = Array(documents[part..<part + 40])
        try await store.put(part)
        answered += part
      }
    }
    #expect(error?.path == scratch.file)
    #expect(answered.count >= 40 && answered.count < 1600)
    #expect(try await store.allDocuments() == answered)
    #expect(try await store.statistics().documents == answered.count)
    await expectError(.diskFull) { try await store.put(Array(documents[answered.count...]), by: 1600) }
    #expect(try await store.traces(answered.traces.map(\.id)) == answered.traces)
    #expect(try await store.removeTraces(lastSeenBefore: .upperBound) == answered.count)
    try await store.put(Array(documents[..<40]))
    #expect(try await store.allDocuments() == Array(documents[..<40]))
    try await store.close()
    let roomy = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await roomy.put(documents, by: 200)
    #expect(try await roomy.allDocuments() == documents)
    #expect(try await roomy.check().isIntact)
  }
}

@Suite struct `A file that is not a store` {
  let scratch: Scratch
  init() throws { scratch = try Scratch() }

  @Test func `is refused when it is text`() async throws {
    try scratch.write([UInt8](repeating: 65, count: 5000))
    let before = try scratch.bytes()
    await expectError(.notAStore) { _ = try SQLiteTraceStore(directory: scratch.path) }
    await expectError(.notAStore) { _ = try SQLiteTraceStore(directory: scratch.path, options: .readOnly) }
    #expect(try scratch.bytes() == before)
  }

  @Test func `is refused and left alone when it is another program's database`() async throws {
    do {
      let queue = try DatabaseQueue(path: scratch.file)
      try await queue.write { try $0.execute(sql: "CREATE TABLE recipe (name TEXT)") }
      try queue.close()
    }
    let before = try scratch.bytes()
    let error = await expectError(.notAStore) { _ = try SQLiteTraceStore(directory: scratch.path) }
    #expect(error?.description.contains(scratch.file) == true)
    await expectError(.notAStore) { _ = try SQLiteTraceStore(directory: scratch.path, options: .readOnly) }
    #expect(try scratch.bytes() == before)
  }

  @Test(arguments: [(2, StoreError.Reason.olderVersion), (4, .newerVersion)])
  func `is refused when it has the format of another version`(version: Int, reason: StoreError.Reason) async throws {
    try await SQLiteTraceStore(directory: scratch.path).close()
    do {
      let queue = try DatabaseQueue(path: scratch.file)
      try await queue.write { try $0.execute(sql: "PRAGMA user_version = \(version)") }
      try queue.close()
    }
    let before = try scratch.bytes()
    let error = await expectError(reason) { _ = try SQLiteTraceStore(directory: scratch.path) }
    #expect(error?.detail == "has format \(version); this version reads format 3")
    await expectError(reason) { _ = try SQLiteTraceStore(directory: scratch.path, options: .readOnly) }
    #expect(try scratch.bytes() == before)
  }

  @Test func `is named when it is missing or its place cannot be used`() async throws {
    await expectError(.cannotOpen) { _ = try SQLiteTraceStore(directory: scratch.path, options: .readOnly) }
    try scratch.write([])
    await expectError(.cannotOpen) { _ = try SQLiteTraceStore(directory: scratch.file + "/inside") }
    await expectError(.cannotOpen) { _ = try SQLiteTraceStore(directory: scratch.path, options: .readOnly) }
    // An empty file is what a process that was killed early leaves.
    try await SQLiteTraceStore(directory: scratch.path + "/a/b/c").put(makeDocuments(1))
    try await SQLiteTraceStore(directory: scratch.path).put(makeDocuments(1))
  }
}
