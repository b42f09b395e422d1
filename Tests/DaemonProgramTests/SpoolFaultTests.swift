import Foundation
import Testing

extension `The daemon program` {
  @Suite(.serialized) struct `with a spool` {
    /// A daemon whose API is down, and that has spooled all `documents`.
    private func spooled(_ documents: [String], in folder: String, _ arguments: [String] = []) async throws
      -> DaemonProcess
    {
      let down = try XRayBackend()
      down.stop()
      let daemon = try await DaemonProcess.start(["--spool", "\(folder)/spool"] + arguments, to: down, folder: folder)
      daemon.send(documents: documents)
      try await eventually("spooled") { try daemon.metrics().sum("spooled_documents") == documents.count }
      return daemon
    }

    private func batches(_ folder: String) throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: "\(folder)/spool").filter { $0.hasSuffix(".batch") }.sorted()
    }

    @Test(arguments: [SIGTERM, SIGKILL]) func `delivers after a restart what it kept`(signal: Int32) async throws {
      let folder = try TemporaryFolder.make()
      let documents = documents(0..<300)
      let first = try await spooled(documents, in: folder)
      _ = try await first.end(signal)

      // Killed in the middle of it, then started once more.
      let backend = try XRayBackend { _ in .late(.milliseconds(50)) }
      defer { backend.stop() }
      let second = try await DaemonProcess.start(["--spool", "\(folder)/spool"], to: backend, folder: folder)
      #expect(second.lines(containing: "Found 300 documents in the spool").count == 1)
      try await eventually("some") { !backend.documents.isEmpty }
      _ = try await second.end(SIGKILL)
      backend.answer { _ in .stored }
      let third = try await DaemonProcess.start(["--spool", "\(folder)/spool"], to: backend, folder: folder)
      try await eventually("all") { Set(backend.documents) == Set(documents) }
      try await eventually("empty") { try third.metrics().sum("documents_held") == 0 }
      #expect(try batches(folder) == [])
      #expect(try await third.end() == 0)
      #expect(try third.atEnd("daemon", "lost") == 0)
    }

    @Test func `stays within its size and counts what finds no room`() async throws {
      let folder = try TemporaryFolder.make()
      let down = try XRayBackend()
      down.stop()
      let arguments = ["--spool", "\(folder)/spool", "--spool-size", "1", "--drain-deadline", "0.2"]
      let first = try await DaemonProcess.start(arguments + ["-m", "3"], to: down, folder: folder)
      let documents = documents(0..<400, padding: 20_000)
      for part in 0..<40 {
        first.send(documents: documents[part * 10..<part * 10 + 10])
        try await eventually("received") {
          try first.metrics().sum("documents_total", ["hop": "kernel", "outcome": "received"]) == part * 10 + 10
        }
      }
      try await eventually("drops") { try first.metrics().dropped("buffer full") > 0 }
      let metrics = try first.metrics()
      #expect(metrics.sum("spool_bytes") <= 1 << 20)
      #expect(metrics.sum("buffered_bytes") <= 3 << 20)
      #expect(try await first.end() == 0)
      let kept = try 400 - first.atEnd("daemon", "lost")
      #expect(first.lines(containing: "is full").count < 50)

      let backend = try XRayBackend()
      defer { backend.stop() }
      let second = try await DaemonProcess.start(arguments, to: backend, folder: folder)
      try await eventually("empty") { try second.metrics().sum("documents_held") == 0 }
      #expect(kept > 20)
      #expect(backend.documents.count == kept)
      #expect(Set(backend.documents).isSubset(of: documents))
      #expect(try await second.end() == 0)
    }

    @Test func `delivers around what was damaged`() async throws {
      let folder = try TemporaryFolder.make()
      let documents = documents(0..<150)
      let first = try await spooled(documents, in: folder)
      _ = try await first.end()
      let spool = "\(folder)/spool"
      let oldest = try #require(try batches(folder).first)
      let file = try FileHandle(forUpdating: URL(fileURLWithPath: "\(spool)/\(oldest)"))
      try file.truncate(atOffset: try file.seekToEnd() - 10)
      try file.close()
      func put(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(spool)/\(name)"))
      }
      try put("000000000777.batch", [])
      try put("000000000778.batch", Array("garbage".utf8))
      try put("000000000779.batch", Array("fluoroB1".utf8) + [2, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4, 5])
      try put("000000000780.batch.part", [1])
      // Not ours, whatever they look like.
      let foreign: Set = [
        "\(Int.max).batch", "-1.batch", "7.batch", "x.batch", "000000000781.batch", "000000000782.batch",
      ]
      for name in foreign where !name.hasPrefix("0") { try put(name, [1]) }
      #expect(mkfifo("\(spool)/000000000781.batch", 0o600) == 0)
      try FileManager.default.createDirectory(atPath: "\(spool)/000000000782.batch", withIntermediateDirectories: false)

      let backend = try XRayBackend()
      defer { backend.stop() }
      let second = try await DaemonProcess.start(["--spool", spool], to: backend, folder: folder)
      try await eventually("empty") { try second.metrics().sum("documents_held") == 0 }
      #expect(backend.documents.count == 149)
      #expect(try Set(batches(folder)) == foreign)
      #expect(Set(backend.documents).isSubset(of: documents))
      #expect(try second.metrics().dropped("spool damaged") == 5)
      #expect(second.lines(containing: "A file of the spool was damaged").count == 4)
      second.send(documents: ["after"])
      try await eventually("the next") { backend.documents.last == "after" }
      #expect(try await second.end() == 0)
    }

    @Test(arguments: ["/proc/spool", "/dev/null/spool", "FOLDER/log"])
    func `goes on without it where it cannot be`(path: String) async throws {
      let backend = try XRayBackend()
      defer { backend.stop() }
      let folder = try TemporaryFolder.make()
      let path = path.replacingOccurrences(of: "FOLDER", with: folder)
      let daemon = try await DaemonProcess.start(["--spool", path], to: backend, folder: folder)
      #expect(daemon.lines(containing: "[Error] Going on without a spool: spool \(path) cannot be opened").count == 1)
      daemon.send(documents: documents(0..<3))
      try await eventually("delivery") { backend.documents.count == 3 }
      #expect(try await daemon.end() == 0)
    }

    @Test func `leaves it to the daemon that has it`() async throws {
      let folder = try TemporaryFolder.make()
      let first = try await spooled(documents(0..<3), in: folder)
      let backend = try XRayBackend()
      defer { backend.stop() }
      let second = try await DaemonProcess.start(["--spool", "\(folder)/spool"], to: backend)
      #expect(second.lines(containing: "is in use by another daemon").count == 1)
      #expect(try await second.end() == 0)
      #expect(try await first.end() == 0)
      #expect(backend.documents == [])
    }
  }
}
