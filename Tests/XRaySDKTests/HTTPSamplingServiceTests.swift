import Foundation
import Synchronization
import Testing
import XRayHTTP
import XRayModel
import XRaySDK
import XRaySampler

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite struct `A daemon's sampling service` {
  private static let rule = #"{"SamplingRule":{"RuleName":"NAME","Priority":1,"FixedRate":1,"ReservoirSize":2}}"#

  /// With all the time in the world: other tests may keep the machine busy.
  private func service(_ server: SamplingDaemon) -> HTTPSamplingService {
    HTTPSamplingService(
      client: HTTPClient(
        endpoint: HTTPEndpoint(host: "127.0.0.1", port: Int(server.port)), deadline: .seconds(600), bodyLimit: 1 << 20))
  }

  @Test func `reads the rules of all pages`() async throws {
    let server = SamplingDaemon { _, body in
      switch body {
      case "{}":
        #"{"SamplingRuleRecords":[\#(Self.rule.replacing("NAME", with: "a")),{"odd":1}],"NextToken":"two"}"#
      case #"{"NextToken":"two"}"#:
        #"{"SamplingRuleRecords":[\#(Self.rule.replacing("NAME", with: "b"))],"NextToken":null}"#
      default: "?"
      }
    }
    defer { server.stop() }
    let rules = try await service(server).rules()
    #expect(rules.map(\.rule.name) == ["a", "b"])
    #expect(server.lines.allSatisfy { $0 == "POST /GetSamplingRules HTTP/1.1" })
  }

  @Test func `reads no more pages than there can be`() async throws {
    let server = SamplingDaemon { _, _ in #"{"SamplingRuleRecords":[],"NextToken":"again"}"# }
    defer { server.stop() }
    await #expect(throws: SamplingServiceError(.tooManyPages, path: "/GetSamplingRules")) {
      try await service(server).rules()
    }
    #expect(server.lines.count == 20)
  }

  @Test func `reports and reads targets`() async throws {
    let server = SamplingDaemon { line, body in
      line == "POST /SamplingTargets HTTP/1.1"
        && body == #"{"SamplingStatisticsDocuments":[{"RuleName":"a","ClientID":"0123456789abcdef01234567","#
          + #""Timestamp":5,"RequestCount":3,"SampledCount":2,"BorrowCount":1}]}"#
        ? #"{"SamplingTargetDocuments":[{"RuleName":"a","FixedRate":0.5,"ReservoirQuota":4}],"LastRuleModification":7}"#
        : "?"
    }
    defer { server.stop() }
    let targets = try await service(server).targets(statistics: [
      SamplingStatistics(
        ruleName: "a", clientID: "0123456789abcdef01234567", timestamp: Timestamp(seconds: 5), requestCount: 3,
        sampledCount: 2, borrowCount: 1)
    ])
    #expect(targets.documents == [.init(ruleName: "a", fixedRate: 0.5, reservoirQuota: 4)])
    #expect(targets.lastRuleModification == Timestamp(seconds: 7))
  }

  @Test(arguments: ["", "?", "[]", "{}", #"{"SamplingRuleRecords":7}"#])
  func `refuses answers that cannot be read`(answer: String) async throws {
    let server = SamplingDaemon { _, _ in answer }
    defer { server.stop() }
    await #expect(throws: SamplingServiceError(.unreadable, path: "/GetSamplingRules")) {
      try await service(server).rules()
    }
  }

  @Test func `refuses another status, and fails when nobody listens`() async throws {
    let server = SamplingDaemon(status: "403 Forbidden") { _, _ in "{}" }
    await #expect(throws: SamplingServiceError(.status(403), path: "/SamplingTargets")) {
      try await service(server).targets(statistics: [])
    }
    let nobody = try HTTPSamplingService(environment: ["AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:1"])
    await #expect(throws: HTTPClientError.self) { try await nobody.rules() }
    server.stop()
  }

  @Test func `gives a recorder rules whose names are in its segments`() async throws {
    let server = SamplingDaemon { line, _ in
      line.contains("GetSamplingRules")
        ? #"{"SamplingRuleRecords":[\#(Self.rule.replacing("NAME", with: "checkout"))]}"# : "{}"
    }
    defer { server.stop() }
    let emitter = CollectingEmitter()
    let sampler = CentralizedSampler(fallback: FixedSampler.never)
    let recorder = XRayRecorder(environment: [:], sampler: sampler, emitter: emitter)
    let service = service(server)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await sampler.run(polling: service) }
      let deadline = ContinuousClock.now + .seconds(600)
      while emitter.documents.isEmpty, ContinuousClock.now < deadline {
        recorder.withSegment("shop") { _ in }
        try? await Task.sleep(for: .milliseconds(10))
      }
      group.cancelAll()
    }
    let document = try #require(emitter.documents.first)
    #expect(String(decoding: document, as: UTF8.self).contains(#""rule_name":"checkout""#))
    // The calls for rules are not segments of their own.
    #expect(emitter.documents.count == 1)
  }
}

/// Answers each request with a body of the test's choice, one connection at a time in a thread of its own.
private final class SamplingDaemon: Sendable {
  let port: Int
  private let listener: Int32
  private let status: String
  private let answer: @Sendable (_ line: String, _ body: String) -> String
  private let requests = Mutex<[String]>([])

  var lines: [String] { requests.withLock { $0 } }

  init(status: String = "200 OK", _ answer: @escaping @Sendable (String, String) -> String) {
    self.status = status
    self.answer = answer
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = listener
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        precondition(bind(descriptor, raw, size) == 0 && listen(descriptor, 64) == 0)
        getsockname(descriptor, raw, &size)
      }
    }
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread.detachNewThread { self.acceptConnections() }
  }

  /// Takes no further connections; every test must call it.
  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  private func acceptConnections() {
    while case let connection = accept(listener, nil, nil), connection >= 0 {
      Thread.detachNewThread {
        var pending = ""
        while self.serve(connection, &pending) {}
        close(connection)
      }
    }
    close(listener)
  }

  /// Answers one request; `false` when the client is gone.
  private func serve(_ connection: Int32, _ pending: inout String) -> Bool {
    var chunk = [UInt8](repeating: 0, count: 4096)
    func fill() -> Bool {
      let count = recv(connection, &chunk, chunk.count, 0)
      guard count > 0 else { return false }
      pending += String(decoding: chunk[..<count], as: UTF8.self)
      return true
    }
    while !pending.contains("\r\n\r\n") { guard fill() else { return false } }
    let head = pending.split(separator: "\r\n\r\n", maxSplits: 1)[0]
    let lines = head.split(separator: "\r\n").map(String.init)
    let length =
      lines.compactMap { line in
        line.lowercased().hasPrefix("content-length: ") ? Int(line.dropFirst(16)) : nil
      }.first ?? 0
    let start = head.utf8.count + 4
    while pending.utf8.count < start + length { guard fill() else { return false } }
    let bytes = Array(pending.utf8)
    let body = String(decoding: bytes[start..<(start + length)], as: UTF8.self)
    pending = String(decoding: bytes[(start + length)...], as: UTF8.self)
    requests.withLock { $0.append(lines[0]) }
    let text = answer(lines[0], body)
    let reply = Array("HTTP/1.1 \(status)\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)".utf8)
    return reply.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) } == reply.count
  }
}
