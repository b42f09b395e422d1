import Foundation
import GRDB
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

  @Test func `is refused when a later version wrote it`() async throws {
    try await SQLiteTraceStore(directory: scratch.path).close()
    do {
      let queue = try DatabaseQueue(path: scratch.file)
      try await queue.write { try $0.execute(sql: "PRAGMA user_version = 2") }
      try queue.close()
    }
    let error = await expectError(.newerVersion) { _ = try SQLiteTraceStore(directory: scratch.path) }
    #expect(error?.detail == "has format 2; this version reads up to 1")
    await expectError(.newerVersion) { _ = try SQLiteTraceStore(directory: scratch.path, options: .readOnly) }
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
