import Dispatch
import Foundation
import Synchronization

/// An X-Ray API that takes documents, or behaves as badly as a test wants it to.
final class XRayBackend: Sendable {
  struct Request: Sendable {
    var path = ""
    /// Names in lower case.
    var headers: [String: String] = [:]
    var body: [UInt8] = []
    var time = ContinuousClock.now
    /// Counts from 1.
    var number = 0

    var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:] }
    var documents: [String] { json["TraceSegmentDocuments"] as? [String] ?? [] }
  }

  enum Answer: Sendable {
    /// Takes everything.
    case stored
    case json(String, status: Int = 200, headers: [String: String] = [:])
    /// Bytes that need not be HTTP; then the connection is closed.
    case bytes(String)
    /// Leaves the client waiting until it gives up.
    case silence
    /// Resets the connection.
    case reset
    /// The beginning of an answer, then a byte now and then.
    case slowly
    /// A body that goes on until the client has enough.
    case endless
    /// Takes everything, but only after a while.
    case late(Duration)
  }

  private struct State: Sendable {
    var answer: @Sendable (Request) -> Answer = { _ in .stored }
    var requests: [Request] = []
    var documents: [String] = []
    var connections: Set<Int32> = []
    var isStopped = false
  }

  let port: Int
  private let listener: Int32
  private let state = Mutex(State())

  /// - Parameter port: 0 takes a free one.
  init(port: Int = 0, _ answer: @escaping @Sendable (Request) -> Answer = { _ in .stored }) throws {
    listener = try LoopbackSocket.bound(SOCK_STREAM, port: port)
    guard listen(listener, 64) == 0 else { throw SystemError("listen") }
    self.port = LoopbackSocket.port(of: listener)
    state.withLock { $0.answer = answer }
    // A thread for each connection, as they block.
    DispatchQueue(label: "test.backend").async { self.acceptConnections() }
  }

  var endpoint: String { "http://127.0.0.1:\(port)" }
  var requests: [Request] { state.withLock { $0.requests } }
  /// The documents it said that it took, in the order of their coming.
  var documents: [String] { state.withLock { $0.documents } }

  func requests(to path: String) -> [Request] { requests.filter { $0.path == path } }

  /// From the next request on.
  func answer(_ answer: @escaping @Sendable (Request) -> Answer) { state.withLock { $0.answer = answer } }

  /// Ends every connection, and takes no further ones.
  func stop() {
    state.withLock { state in
      // The second time the number may be another socket's.
      if !state.isStopped { shutdown(listener, Int32(SHUT_RDWR)) }
      state.isStopped = true
      for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
    }
  }

  private func acceptConnections() {
    while true {
      let connection = accept(listener, nil, nil)
      guard connection >= 0 else { break }
      _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
      _ = state.withLock { $0.connections.insert(connection) }
      DispatchQueue(label: "test.backend.connection").async { self.serve(connection) }
    }
    close(listener)
  }

  private func serve(_ connection: Int32) {
    var reader = RequestReader(connection: connection)
    while var request = reader.next() {
      let answer = state.withLock { state in
        request.number = state.requests.count + 1
        state.requests.append(request)
        return state.answer
      }
      guard carryOut(answer(request), request, on: connection) else { break }
    }
    _ = state.withLock { $0.connections.remove(connection) }
    close(connection)
  }

  /// Whether the connection goes on.
  private func carryOut(_ answer: Answer, _ request: Request, on connection: Int32) -> Bool {
    switch answer {
    case .stored:
      state.withLock { $0.documents += request.documents }
      return LoopbackSocket.write(Self.http(#"{"UnprocessedTraceSegments":[]}"#), to: connection)
    case .json(let body, let status, let headers):
      return LoopbackSocket.write(Self.http(body, status, headers), to: connection)
    case .bytes(let text):
      _ = LoopbackSocket.write(text, to: connection)
      return false
    case .silence: return true
    case .reset:
      var linger = linger(l_onoff: 1, l_linger: 0)
      setsockopt(connection, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
      return false
    case .slowly:
      var isTaken = LoopbackSocket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{", to: connection)
      while isTaken {
        usleep(50_000)
        isTaken = LoopbackSocket.write(" ", to: connection)
      }
      return false
    case .endless:
      var isTaken = LoopbackSocket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", to: connection)
      let chunk = "4000\r\n" + String(repeating: " ", count: 0x4000) + "\r\n"
      while isTaken { isTaken = LoopbackSocket.write(chunk, to: connection) }
      return false
    case .late(let delay):
      usleep(UInt32(delay / .microseconds(1)))
      return carryOut(.stored, request, on: connection)
    }
  }

  private static func http(_ body: String, _ status: Int = 200, _ headers: [String: String] = [:]) -> String {
    let lines = headers.map { "\($0.key): \($0.value)\r\n" }.joined()
    return "HTTP/1.1 \(status) Status\r\n\(lines)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }
}

/// Reads requests from a connection, one after the other.
private struct RequestReader {
  let connection: Int32
  private var pending: [UInt8] = []

  init(connection: Int32) { self.connection = connection }

  /// `nil` when the client has closed the connection.
  mutating func next() -> XRayBackend.Request? {
    while true {
      if let end = pending.firstRange(of: Array("\r\n\r\n".utf8)) {
        let lines = String(decoding: pending[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        var request = XRayBackend.Request()
        request.path = lines.first?.split(separator: " ").dropFirst().first.map(String.init) ?? ""
        for line in lines.dropFirst() {
          let parts = line.split(separator: ":", maxSplits: 1)
          request.headers[parts[0].lowercased()] = parts.last.map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let length = request.headers["content-length"].flatMap { Int($0) } ?? 0
        while pending.count < end.upperBound + length { if !fill() { return nil } }
        request.body = Array(pending[end.upperBound..<end.upperBound + length])
        pending.removeFirst(end.upperBound + length)
        return request
      }
      if !fill() { return nil }
    }
  }

  private mutating func fill() -> Bool {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let count = recv(connection, &chunk, chunk.count, 0)
    guard count > 0 else { return false }
    pending += chunk[..<count]
    return true
  }
}
