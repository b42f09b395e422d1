import Foundation
import Testing

@Suite struct `fluoro serve` {
  /// A server that said that it is ready.
  private struct Server {
    let process: Process
    let url: String
    let data: String

    init(_ arguments: [String] = []) throws {
      data = try TemporaryDirectory.make("serve")
      process = Process()
      process.executableURL = URL(fileURLWithPath: try Child.path("fluoro"))
      process.arguments = ["serve", "--listen", "127.0.0.1:0", "--data", data] + arguments
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      var line = ""
      while !line.contains("\n") {
        let bytes = output.fileHandleForReading.availableData
        if bytes.isEmpty { break }
        line += String(decoding: bytes, as: UTF8.self)
      }
      url = try #require(line.firstMatch(of: #/serving (http://127\.0\.0\.1:\d+/)/#)).1.description
    }

    func end() -> Int32 {
      process.waitUntilExit()
      return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func `ends with 0 when it is asked to, however often`(signal: Int32) throws {
    for count in [1, 2, 3] {
      let server = try Server()
      for _ in 0..<count { kill(server.process.processIdentifier, signal) }
      #expect(server.end() == 0)
    }
  }

  @Test func `has what was put before it was asked to end`() throws {
    let server = try Server()
    let document =
      #"{\"trace_id\":\"1-58406520-a006649127e371903a2de979\",\"id\":\"70de5b6f19ff9a0a\",\"name\":\"shop\","#
      + #"\"start_time\":1480615200,\"end_time\":1480615201}"#
    let body = #"{"TraceSegmentDocuments":["\#(document)"]}"#
    let answer = try Child.run("curl", ["-sS", "-X", "POST", "-d", body, server.url + "TraceSegments"])
    #expect(answer.standardOutput == #"{"UnprocessedTraceSegments":[]}"#, "\(answer.standardError)")
    server.process.terminate()
    #expect(server.end() == 0)
    let traces = try Child.run("fluoro", ["traces", "--data", server.data])
    #expect(traces.standardOutput.contains("1-58406520-a006649127e371903a2de979"))
  }

  @Test func `says that a port is taken, or a folder in use`() throws {
    let server = try Server()
    let port = String(server.url.dropFirst("http://127.0.0.1:".count).dropLast())
    let other = try TemporaryDirectory.make("serve")
    let taken = try Child.run("fluoro", ["serve", "--listen", "127.0.0.1:\(port)", "--data", other])
    #expect(taken.status == 3)
    #expect(taken.standardError.contains("cannot listen"))
    let used = try Child.run("fluoro", ["serve", "--listen", "127.0.0.1:0", "--data", server.data])
    #expect(used.status == 3)
    server.process.terminate()
    #expect(server.end() == 0)
  }

  @Test func `asks who may call before other machines can`() throws {
    let data = try TemporaryDirectory.make("serve")
    for arguments in [["--listen", "0.0.0.0:0"], ["--listen", "127.0.0.1:0", "--auth", "x", "--insecure"]] {
      let refused = try Child.run("fluoro", ["serve", "--data", data] + arguments)
      #expect(refused.status == 2)
      #expect(refused.standardError.contains("--insecure"))
    }
    let missing = try Child.run("fluoro", ["serve", "--listen", "0.0.0.0:0", "--data", data, "--auth", data + "/none"])
    #expect(missing.status == 3)
  }

  @Test func `starts with no settings but those that it can read`() throws {
    let data = try TemporaryDirectory.make("serve")
    try TemporaryDirectory.write(Array("{\"Format\": 1".utf8), to: data + "/settings.json")
    let refused = try Child.run("fluoro", ["serve", "--listen", "127.0.0.1:0", "--data", data])
    #expect(refused.status == 3)
    #expect(refused.standardError.contains("settings.json"))
  }
}
