import Foundation
import Testing

extension DaemonProcess {
  /// Ends the daemon and returns the numbers of the one record that it sent.
  func telemetryAtEnd(from backend: XRayBackend) async throws -> [String: Int] {
    backend.answer { _ in .stored }
    #expect(try await end() == 0)
    let calls = backend.requests(to: "/TelemetryRecords")
    #expect(calls.count == 1)
    let records = try #require(calls.first?.json["TelemetryRecords"] as? [[String: Any]])
    #expect(records.count == 1)
    return try #require(records.first).compactMapValues { ($0 as? NSNumber)?.intValue }
  }
}

extension `The daemon program` {
  @Suite(.serialized) struct `at its end, and when it reads its settings again` {
    @Test func `delivers what is pending and tells the truth about it`() async throws {
      let backend = try XRayBackend()
      defer { backend.stop() }
      let daemon = try await DaemonProcess.start([], to: backend)
      let documents = documents(0..<130)
      daemon.send("no header")
      daemon.send(documents: documents)
      let telemetry = try await daemon.telemetryAtEnd(from: backend)
      #expect(backend.documents.count == 130)
      #expect(Set(backend.documents) == Set(documents))
      #expect(telemetry["SegmentsReceivedCount"] == 131)
      #expect(telemetry["SegmentsSentCount"] == 130)
      #expect(telemetry["SegmentsRejectedCount"] == 1)
      #expect(telemetry["SegmentsSpilloverCount"] == 0)
    }

    @Test func `has a record that adds up, whatever was lost`() async throws {
      let backend = try XRayBackend { _ in .late(.milliseconds(20)) }
      defer { backend.stop() }
      let daemon = try await DaemonProcess.start(
        ["-m", "3", "--concurrency", "1", "--drain-deadline", "0.2"], to: backend)
      let document = documents(0..<1, padding: 10_000)[0]
      for _ in 0..<2000 { daemon.send(documents: [document]) }
      let telemetry = try await daemon.telemetryAtEnd(from: backend)
      #expect(telemetry["SegmentsReceivedCount"] == 2000)
      let parts = ["Sent", "Rejected", "Spillover"].compactMap { telemetry["Segments\($0)Count"] }
      #expect(parts.reduce(0, +) == 2000, "\(telemetry)")
      #expect(parts[2] > 0)
    }

    @Test func `sends no record when nothing came`() async throws {
      let backend = try XRayBackend()
      defer { backend.stop() }
      let daemon = try await DaemonProcess.start([], to: backend)
      #expect(try await daemon.end(SIGINT) == 0)
      #expect(backend.requests.isEmpty)
    }

    @Test func `waits for an API that hangs no longer than it may`() async throws {
      let backend = try XRayBackend { _ in .silence }
      defer { backend.stop() }
      let daemon = try await DaemonProcess.start(["--drain-deadline", "0.5"], to: backend)
      daemon.send(documents: documents(0..<700))
      try await eventually("received") { try daemon.metrics().sum("documents_held", ["hop": "daemon"]) == 700 }
      let start = ContinuousClock.now
      daemon.signal(SIGTERM)
      try await Task.sleep(for: .milliseconds(50))
      daemon.signal(SIGTERM)
      daemon.signal(SIGINT)
      #expect(try await daemon.ended() == 0)
      let duration = start.duration(to: .now)
      #expect(duration > .milliseconds(450) && duration < .milliseconds(2500), "\(duration)")
      #expect(try daemon.atEnd("daemon", "in") == 700)
      #expect(try daemon.atEnd("daemon", "lost") == 700)
      #expect(daemon.lines(containing: "Got shutdown signal").count == 1)
    }

    @Test func `reads its settings again, unless they are wrong`() async throws {
      let (old, new) = (try XRayBackend(), try XRayBackend())
      defer { for backend in [old, new] { backend.stop() } }
      let folder = try TemporaryFolder.make()
      func write(_ text: String) throws {
        try text.write(toFile: "\(folder)/cfg.yaml", atomically: true, encoding: .utf8)
      }
      func settings(_ level: String, _ backend: XRayBackend) -> String {
        "Version: 2\nLogging:\n  LogLevel: \(level)\nEndpoint: \(backend.endpoint)\n"
      }
      try write(settings("info", old))
      let daemon = try await DaemonProcess.start(["-c", "\(folder)/cfg.yaml"], folder: folder)
      daemon.send(documents: ["1"])
      try await eventually("the first") { old.documents == ["1"] }

      try write("Version: 2\nLogging: [")
      daemon.signal(SIGHUP)
      try await eventually("refusal") { !daemon.lines(containing: "The configuration stays as it was: ").isEmpty }
      daemon.send(documents: ["2"])
      try await eventually("the second") { old.documents == ["1", "2"] }
      #expect(daemon.lines(containing: "Successfully sent batch") == [])

      try write(settings("debug", new))
      daemon.signal(SIGHUP)
      try await eventually("reload") { !daemon.lines(containing: "Read the configuration again").isEmpty }
      daemon.send(documents: ["3"])
      try await eventually("the third") { new.documents == ["3"] }
      try await eventually("debug lines") { daemon.lines(containing: "Successfully sent batch").count == 1 }
      let telemetry = try await daemon.telemetryAtEnd(from: new)
      #expect(telemetry["SegmentsSentCount"] == 3)
    }

    @Test func `goes on when nobody reads its log any more`() async throws {
      let backend = try XRayBackend()
      defer { backend.stop() }
      let pipe = Pipe()
      let udp = try LoopbackSocket.bound(SOCK_DGRAM, port: 0)
      let port = LoopbackSocket.port(of: udp)
      close(udp)
      let daemon = try DaemonProcess(
        ["-b", "127.0.0.1:\(port)", "-t", "127.0.0.1:0", "--endpoint", backend.endpoint, "-l", "debug"],
        folder: TemporaryFolder.make(), output: pipe.fileHandleForWriting)
      try pipe.fileHandleForWriting.close()
      _ = try pipe.fileHandleForReading.read(upToCount: 1)
      try pipe.fileHandleForReading.close()
      let sender = try LoopbackSocket.connected(SOCK_DGRAM, to: port)
      defer { close(sender) }
      for _ in 0..<3 {
        let count = backend.documents.count
        // Nobody listens at first.
        try await eventually("delivery") {
          LoopbackSocket.write(DaemonProcess.header + "{}", to: sender)
          return backend.documents.count > count
        }
      }
      #expect(try await daemon.end() == 0)
    }
  }

  @Suite(.serialized) struct `started wrongly` {
    @Test(arguments: [
      (["--bogus"], 2, "flag provided but not defined: -bogus"),
      (["-m", "many"], 2, "invalid value"),
      (["-m", "2"], 1, "[Error] Not enough Buffers Memory Allocated"),
      (["-c", "wrong.yaml"], 1, "[Error] Config Version Setting is not correct"),
      (["-c", "/nowhere/cfg.yaml"], 1, "/nowhere/cfg.yaml"),
      (["--endpoint", "ftp://x"], 1, "ftp://x"),
      (["-o", "-b", "127.0.0.1:0"], 1, "[Error] Unable to retrieve a valid region"),
      (["--version"], 0, "AWS X-Ray daemon version: "),
    ])
    func `says why and ends`(arguments: [String], status: Int, message: String) async throws {
      let folder = try TemporaryFolder.make()
      try "Version: 3\n".write(toFile: "\(folder)/wrong.yaml", atomically: true, encoding: .utf8)
      let daemon = try DaemonProcess(arguments, environment: ["AWS_REGION": ""], folder: folder)
      #expect(try await daemon.ended() == Int32(status), "\(daemon.log)")
      #expect(daemon.log.contains(message), "\(daemon.log)")
    }
  }
}
