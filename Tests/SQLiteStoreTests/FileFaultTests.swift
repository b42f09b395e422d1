import Foundation
import Testing
import Traces
import XRayModel

@testable import SQLiteStore

@Suite struct `A store whose file was damaged` {
  private static let pageBytes = 4096

  /// The start of a page is what SQLite knows it by: its kind, its cells, its free room.
  @Test(arguments: 0..<4)
  func `at the start of a page serves nothing wrong, and tells of what it cannot serve`(part: Int) async throws {
    let written = try await WrittenStore.make()
    let random = RandomSource(seed: UInt64(900 + part))
    let pages = written.file.count / Self.pageBytes
    for page in 0..<pages where page % (isFullRun ? 4 : 8) == part {
      for _ in 0..<(isFullRun ? 8 : 1) {
        // The first page begins with 100 bytes about the file.
        let byte = page * Self.pageBytes + Int(random.next() % (page == 0 ? 108 : 16))
        var bytes = written.file
        bytes[byte] ^= 1 << UInt8(random.next() % 8)
        try await expectHonesty(of: written, with: bytes, "byte \(byte)")
      }
    }
  }

  @Test func `serves nothing wrong when a page is lost or in the place of another`() async throws {
    let written = try await WrittenStore.make()
    let random = RandomSource(seed: 17)
    let pages = written.file.count / Self.pageBytes
    for page in 1..<pages where isFullRun || page % 6 == 1 {
      let other = Int(random.next() % UInt64(pages))
      var bytes = written.file
      bytes.replaceSubrange(
        page * Self.pageBytes..<(page + 1) * Self.pageBytes,
        with: page.isMultiple(of: 2)
          ? written.file[other * Self.pageBytes..<(other + 1) * Self.pageBytes]
          : [UInt8](repeating: 0, count: Self.pageBytes)[...])
      try await expectHonesty(of: written, with: bytes, "page \(page), other \(other)")
    }
  }

  @Test func `by cutting it off at any page says where it ends, and is read up to there`() async throws {
    let written = try await WrittenStore.make()
    let pages = written.file.count / Self.pageBytes
    for count in 1..<pages where isFullRun || count % 5 == 1 {
      let bytes = Array(written.file[..<(count * Self.pageBytes)])
      try written.scratch.write(bytes)
      let error = await expectError(.damaged) { _ = try SQLiteTraceStore(directory: written.scratch.path) }
      #expect(error?.place == "byte \(count * Self.pageBytes)")
      let isNoticed = try await expectHonesty(of: written, with: bytes, "\(count) pages")
      #expect(isNoticed, "\(count) of \(pages) pages")
    }
  }

  @Test func `in the log next to it has what came before the damage`() async throws {
    let scratch = try Scratch()
    let documents = makeDocuments(70, seed: 5)
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await store.put(documents, by: 10)
    let size = try #require(fileSize(scratch.file + "-wal"))
    let random = RandomSource(seed: 6)
    for _ in 0..<(isFullRun ? 200 : 6) {
      let left = try scratch.copyOfFiles()
      let log = URL(fileURLWithPath: left.file + "-wal")
      var bytes = try Data(contentsOf: log)
      bytes[Int(random.next() % UInt64(size))] ^= 1 << UInt8(random.next() % 8)
      try bytes.write(to: log)
      do {
        let opened = try SQLiteTraceStore(directory: left.path, options: .small)
        let held = try await opened.allDocuments()
        #expect(held == Array(documents[..<held.count]))
        #expect(try await opened.check().isIntact)
        try await opened.put(documents)
        #expect(try await opened.allDocuments() == documents)
        try await opened.close()
      } catch let error as StoreError {
        #expect(error.reason == .damaged, "\(error)")
      }
    }
    try await store.close()
  }

  /// Expects right answers or errors; either everything is there, or a check says that it is not.
  ///
  /// Returns whether something was noticed.
  @discardableResult
  private func expectHonesty(of written: WrittenStore, with bytes: [UInt8], _ what: String) async throws -> Bool {
    try written.scratch.write(bytes)
    do {
      let store = try SQLiteTraceStore(directory: written.scratch.path, options: .readOnly)
      let reading = try await written.read(store, after: what)
      let check = try await store.check()
      #expect(reading.isComplete || !check.isIntact, "\(what)")
      return !check.isIntact
    } catch let error as StoreError {
      #expect([.damaged, .notAStore, .newerVersion, .olderVersion].contains(error.reason), "\(what): \(error)")
      return true
    }
  }
}
