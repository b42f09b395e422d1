import DaemonServer
import Testing

private let header = #"{"format":"json","version":1}"# + "\n"

private func frame(_ text: String) -> [UInt8] {
  let count = UInt32(text.utf8.count)
  return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) } + Array(text.utf8)
}

extension DaemonServerTests {
  struct Streams {
    @Test func `frames hold what datagrams would`() async throws {
      try await withServer { server, backend in
        let client = try Client(port: server.port)
        await client.send(frame(header + "{\"a\":1}") + frame(header + "two\nlines\n") + frame(header + "bad"))
        await client.send(frame("{\"version\":1,\"format\":\"JSON\"}\r\nT1Sx"))
        try await eventually { backend.documents == ["{\"a\":1}", "two\nlines\n", "T1Sx"] }
        #expect(server.counts.documentsAccepted == 3)
        #expect(server.counts.documentsRejected == 1)
      }
    }

    @Test func `lines hold a document each after the header line`() async throws {
      try await withServer { server, backend in
        let client = try Client(port: server.port)
        await client.send(header + "{\"a\":1}\n\n \t\r\n{\"b\":2}\r\n{\"c\":3}\n")
        try await eventually { backend.documents == ["{\"a\":1}", "{\"b\":2}\r", "{\"c\":3}"] }
        await client.endOutput()
        #expect(await client.isEnded())
        #expect(backend.current.rejections.isEmpty)
      }
    }

    @Test(arguments: [true, false])
    func `a stream may be cut at every byte`(isFrames: Bool) async throws {
      try await withServer { server, backend in
        let bytes =
          isFrames ? frame(header + "{\"a\":1}") + frame(header + "b") : Array((header + "{\"a\":1}\n\nb\n").utf8)
        for cut in 1..<bytes.count {
          let client = try Client(port: server.port)
          await client.send(Array(bytes[..<cut]))
          try await Task.sleep(for: .milliseconds(2))
          await client.send(Array(bytes[cut...]))
          await client.endOutput()
          #expect(await client.isEnded())
          #expect(backend.documents == ["{\"a\":1}", "b"], "cut at \(cut)")
          backend.set { $0.documents = [] }
        }
        let client = try Client(port: server.port)
        for byte in bytes { await client.send([byte]) }
        try await eventually { backend.documents == ["{\"a\":1}", "b"] }
        #expect(backend.current.rejections.isEmpty)
      }
    }

    @Test(arguments: [true, false])
    func `a stream that ends inside a document loses just that`(isFrames: Bool) async throws {
      try await withServer { server, backend in
        let bytes = isFrames ? frame(header + "1") + frame(header + "2") : Array((header + "1\n2\n").utf8)
        let client = try Client(port: server.port)
        await client.send(bytes.dropLast())
        await client.endOutput()
        #expect(await client.isEnded())
        #expect(backend.documents == ["1"])
        #expect(backend.current.rejections == ["ended inside a document"])
      }
    }

    @Test func `the largest document fits and a larger one ends the stream`() async throws {
      try await withServer { server, backend in
        let largest = String(repeating: "d", count: 65_536)
        let frames = try Client(port: server.port)
        await frames.send(frame(header + largest) + frame(header + largest + "d"))
        #expect(await frames.isEnded())
        let lines = try Client(port: server.port)
        await lines.send(header + largest + "\n" + largest + "d\n")
        #expect(await lines.isEnded())
        let endless = try Client(port: server.port)
        await endless.send(header)
        while await endless.send(largest) {}
        #expect(backend.current.documents.map(\.count) == [65_536, 65_536])
        #expect(backend.current.rejections == ["document too large", "line too long", "line too long"])
        #expect(server.refusals("not a stream of documents") == 3)
      }
    }

    @Test(arguments: [
      ([0, 0, 0, 0], "bad frame length"), ([0, 1, 4, 2], "bad frame length"), ([0, 255, 255, 255], "bad frame length"),
      (frame("no header at all"), "no line feed after the header"), (frame("x\n{}"), "bad header"),
      (frame(header), "no document after the header"),
      (frame("{\"format\":\"json\",\"version\":2}\n{}"), "unknown version"),
      (Array("{}\n{}\n".utf8), "unknown format"),
      (Array("{\"format\":\"json\",\"version\":2}\n".utf8), "unknown version"),
      (Array("{nonsense\n".utf8), "bad header"),
      (Array(("{" + String(repeating: " ", count: 2000)).utf8), "bad header"),
    ])
    func `garbage is counted and ends the stream`(bytes: [UInt8], reason: String) async throws {
      try await withServer { server, backend in
        let client = try Client(port: server.port)
        await client.send(bytes)
        #expect(await client.receiveAll().isEmpty)
        #expect(backend.current.rejections == [reason])
        #expect(backend.documents.isEmpty)
      }
    }

    @Test(arguments: [true, false])
    func `without room a stream is not read, and nothing is lost`(isFrames: Bool) async throws {
      try await withServer { server, backend in
        backend.set { $0.room = 3 }
        let client = try Client(port: server.port)
        let filler = String(repeating: "x", count: 20_000)
        let sending = Task {
          if !isFrames { await client.send(header) }
          for index in 0..<500 {
            await client.send(isFrames ? frame(header + "\(index) \(filler)") : Array("\(index) \(filler)\n".utf8))
          }
          await client.endOutput()
        }
        try await eventually { server.counts.waitsForRoom == 1 }
        try await Task.sleep(for: .milliseconds(100))
        #expect(backend.current.documents.count == 3)
        #expect(await fetch(server.port, "GET", "/healthz")?.status == 200)
        backend.set { $0.room = 100 }
        try await eventually { backend.current.documents.count == 103 }
        backend.set { $0.room = .max }
        try await eventually { backend.current.documents.count == 500 }
        await sending.value
        #expect(backend.documents.map { $0.prefix { $0 != " " } } == (0..<500).map { "\($0)" })
        #expect(backend.current.dropped == 0)
      }
    }

    @Test func `a document waits for room only so long`() async throws {
      try await withServer {
        $0.roomTimeout = .milliseconds(100)
      } _: { server, backend in
        backend.set { $0.room = 0 }
        let client = try Client(port: server.port)
        await client.send(header + "1\n2\n")
        try await eventually { backend.current.dropped == 1 }
        backend.set { $0.room = 1 }
        try await eventually { backend.documents == ["2"] }
        #expect(server.counts.documentsDropped == 1)
      }
    }

    @Test func `a client that resets its stream loses no document that fits`() async throws {
      try await withServer { server, backend in
        backend.set { $0.room = 1 }
        var client: Client? = try Client(port: server.port)
        await client?.send(header + "1\n2\n3\n")
        try await eventually { server.counts.waitsForRoom == 1 }
        client = nil
        try await Task.sleep(for: .milliseconds(50))
        backend.set { $0.room = 9 }
        try await eventually { backend.documents == ["1", "2", "3"] }
        try await eventually { server.counts.connectionsOpen == 0 }
      }
    }

    @Test func `an incomplete document has its time, however it trickles in`() async throws {
      try await withServer {
        $0.requestTimeout = .milliseconds(300)
      } _: { server, backend in
        let client = try Client(port: server.port)
        let second = frame(header + String(repeating: "2", count: 200))
        await client.send(frame(header + "1") + second.dropLast(200))
        for byte in second.suffix(200).dropLast(100) where server.refusals("document not complete in time") == 0 {
          await client.send([byte])
          try await Task.sleep(for: .milliseconds(20))
        }
        #expect(await client.isEnded())
        #expect(server.refusals("document not complete in time") == 1)
        #expect(backend.documents == ["1"])
      }
    }

    @Test func `streams leave connections for health`() async throws {
      try await withServer {
        $0.connections = 4
        $0.streams = 2
      } _: { server, _ in
        let streams = try [Client(port: server.port), Client(port: server.port), Client(port: server.port)]
        for stream in streams { await stream.send(header) }
        try await eventually { server.refusals("too many streams") == 1 }
        #expect(await fetch(server.port, "GET", "/healthz")?.status == 200)
      }
    }
  }
}
