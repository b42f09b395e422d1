import Foundation
import Testing
import Traces
import XRayModel

@testable import SQLiteStore

/// Scripts/read-store, which was written from the format's description.
@Suite(.enabled(if: OtherReader.canRun, "needs python3")) struct `A reader in another language` {
  let scratch: Scratch
  init() throws { scratch = try Scratch() }

  @Test func `finds the same documents, sealed, open and without those that were removed`() async throws {
    let clock = VirtualClock(start: epoch)
    var options = SQLiteTraceStore.Options()
    options.blockDocuments = 150
    let store = try SQLiteTraceStore(directory: scratch.path, options: options, clock: clock)
    let parts = [makeDocuments(200, seed: 1), makeDocuments(200, seed: 2)]
    for (old, new) in zip(parts[0].batches(of: 20), parts[1].batches(of: 20)) {
      _ = try await store.put(old)
      _ = try await store.put(new)
    }
    // While it is open, most of it is in SQLite's log.
    #expect(try OtherReader.lines(of: scratch) == (try await store.allDocuments()))
    clock.advance(by: .seconds(60))
    try await store.put(parts[1].traces.map { document(of: $0.id, id: EntityID(rawValue: 5), start: $0.start) })
    #expect(try await store.removeTraces(lastSeenBefore: clock.now) == 200)
    let documents = try await store.allDocuments()
    #expect(documents.count > 200)
    try await store.close()
    #expect(try OtherReader.lines(of: scratch) == documents)
  }

  @Test func `names a damaged block and reads on`() async throws {
    let documents = makeDocuments(40)
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await store.put(documents)
    try await store.close()
    var bytes = try scratch.bytes()
    let block = try #require(bytes.firstRange(of: Array("FXSB".utf8)))
    bytes[block.upperBound + 60] ^= 4
    try scratch.write(bytes)
    let (output, errors, status) = try OtherReader.run(scratch)
    #expect(status == 1 && errors.contains("block "))
    let found = output.split(separator: 0x0A).map(Array.init)
    #expect([documents.count - 16, documents.count - 8].contains(found.count) && found.allSatisfy(documents.contains))
  }
}

private enum OtherReader {
  static let canRun = (try? start("/usr/bin/env", ["python3", "-c", "import sqlite3"]).status) == 0

  static func lines(of store: Scratch) throws -> [[UInt8]] {
    let (output, errors, status) = try run(store)
    #expect(status == 0 && errors.isEmpty)
    return output.split(separator: 0x0A).map(Array.init)
  }

  static func run(_ store: Scratch) throws -> (output: [UInt8], errors: String, status: Int32) {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Scripts/read-store").standardizedFileURL.path
    return try start("/usr/bin/env", ["python3", script, store.path])
  }

  private static func start(
    _ program: String, _ arguments: [String]
  ) throws -> (output: [UInt8], errors: String, status: Int32) {
    let process = Process()
    let errors = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
    defer { try? FileManager.default.removeItem(at: errors) }
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return ([UInt8](bytes), try String(contentsOf: errors, encoding: .utf8), process.terminationStatus)
  }
}
