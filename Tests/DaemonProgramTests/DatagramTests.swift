import Foundation
import Testing

extension `The daemon program` {
  @Suite(.serialized) struct `with datagrams` {
    private static let header = DaemonProcess.header

    /// As the official daemon does: what is forwarded is forwarded byte for byte, and never looked at.
    @Test func `forwards and refuses the same as the official one`() async throws {
      let backend = try XRayBackend()
      defer { backend.stop() }
      let daemon = try await DaemonProcess.start(["--concurrency", "1"], to: backend)
      let largest = String(repeating: "y", count: 65_507 - Self.header.utf8.count)
      let damaged: [UInt8] = [0x61, 0xFF, 0xC3, 0x28, 0]
      var forwarded: [(datagram: [UInt8], document: String)] = [
        (Array("{\"format\":\"JSON\",\"version\":1,\"more\":[1]} \r\n{}".utf8), "{}"),
        (Array("{\"version\": 1, \"format\": \"json\"}\nbody".utf8), "body"),
        (Array(Self.header.utf8) + damaged, "a\u{FFFD}\u{FFFD}(\0"),
      ]
      let bodies = [
        #"{"id":"1"}"#, "{\"id\":\"2\"}\n\n", "not JSON", #"{"id":"3"}{"id":"4"}"#, largest, "T1SAAECAw==",
      ]
      for body in bodies { forwarded.append((Array((Self.header + body).utf8), body)) }
      let refused: [(datagram: String, reason: String)] = [
        ("no line feed", "no line feed after the header"),
        (#"{"format":"json","version":1}"#, "no line feed after the header"),
        (Self.header, "no document after the header"),
        ("header\n{}", "bad header"),
        ("\n" + Self.header + "{}", "bad header"),
        ("{\"format\":\"json\",\"version\":2}\n{}", "unknown version"),
        ("{\"format\":\"json\",\"version\":\"1\"}\n{}", "unknown version"),
        ("{\"format\":\"xml\",\"version\":1}\n{}", "unknown format"),
        ("", "empty datagram"),
      ]
      for index in 0..<max(forwarded.count, refused.count) {
        if index < refused.count { daemon.send(refused[index].datagram) }
        if index < forwarded.count { daemon.send(forwarded[index].datagram) }
      }
      try await eventually("all documents") { backend.documents.count >= forwarded.count }
      #expect(backend.documents == forwarded.map(\.document))
      let metrics = try daemon.metrics()
      for (reason, cases) in Dictionary(grouping: refused, by: \.reason) {
        #expect(metrics.rejected(reason) == cases.count, "\(reason)")
      }
      #expect(try await daemon.end() == 0)
      #expect(try daemon.atEnd("daemon", "rejected") == refused.count)
      #expect(try daemon.atEnd("sink", "on") == forwarded.count)
    }

    @Test func `survives headers made to harm it`() async throws {
      let backend = try XRayBackend()
      defer { backend.stop() }
      let daemon = try await DaemonProcess.start([], to: backend)
      let keys = (0..<3000).map { #""k\#($0)":1"# }.joined(separator: ",")
      let deep = String(repeating: "[", count: 1000)
      let texts: [String] = [
        String(repeating: "x", count: 65_000) + "\n{}",
        String(repeating: " ", count: 65_000) + Self.header,
        "\(deep)\n{}",
        "{\"a\":\(deep)\n{}",
        "{\(keys),\"format\":\"json\",\"version\":1}\n{}",
        "{\"format\":\"json\",\"version\":1e999}\n{}",
        "{\"format\":\"json\",\"version\":1.5}\n{}",
        "{\"format\":\"json\",\"version\":99999999999999999999999999}\n{}",
        "{\"format\":{\"format\":\"json\"},\"version\":1}\n{}",
        "{\"format\":\"json\",\"version\":1\n{}",
        "null\n{}", "[]\n{}", "\"\\ud800\"\n{}", "\0\n{}",
      ]
      var hostile: [[UInt8]] = texts.map { Array($0.utf8) }
      hostile.append(Array("{\"format\":\"js".utf8) + [0xFF, 0xFE])
      hostile[hostile.count - 1] += "on\",\"version\":1}\n{}".utf8
      hostile.append([UInt8](repeating: 0xFF, count: 65_507))
      hostile.append([0x0A])
      hostile.append([UInt8](repeating: 0x0A, count: 65_507))
      for datagram in hostile { daemon.send(datagram) }
      daemon.send(documents: ["after"])
      try await eventually("the valid one") { backend.documents == ["after"] }
      #expect(try daemon.metrics().sum("documents_total", ["hop": "daemon", "outcome": "rejected"]) == hostile.count)
      #expect(daemon.log.utf8.count < 4096, "no line for each")
      #expect(try await daemon.end() == 0)
    }

    @Test func `accounts for each of a flood`() async throws {
      let backend = try XRayBackend { $0.path == "/TraceSegments" ? .late(.milliseconds(5)) : .stored }
      defer { backend.stop() }
      let daemon = try await DaemonProcess.start(["-m", "3", "--concurrency", "2"], to: backend)
      let sent = 20_000
      let documents = documents(0..<100)
      for round in 0..<sent / 100 {
        daemon.send(documents: documents)
        // So that not all of it is lost to the kernel already.
        if round.isMultiple(of: 20) { try await Task.sleep(for: .milliseconds(1)) }
      }
      #expect(try await daemon.end() == 0)
      #expect(try daemon.atEnd("kernel", "in") == sent)
      let lost = try daemon.atEnd("kernel", "lost") + daemon.atEnd("daemon", "lost")
      #expect(backend.documents.count + lost == sent)
      #expect(try daemon.atEnd("sink", "on") == backend.documents.count)
      #expect(daemon.lines(containing: "Segment dropped. Consider increasing memory limit").count <= 2)
    }
  }
}
