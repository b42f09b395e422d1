import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A TCP server that answers each HTTP request with bytes of the test's choice, well-formed or not.
final class ScriptedServer: Sendable {
  struct Request: Sendable {
    var head: String
    var body: [UInt8]
    /// Counts the server's connections from 1.
    var connection: Int

    var line: String { String(head.prefix { $0 != "\r\n" }) }
    func header(_ name: String) -> String? {
      for line in head.split(separator: "\r\n").dropFirst() {
        let parts = line.split(separator: ":", maxSplits: 1)
        if parts[0].lowercased() == name { return String(parts[1].drop { $0 == " " }) }
      }
      return nil
    }
  }

  enum Answer: Sendable {
    case bytes(String)
    /// Sends, then closes the connection.
    case lastBytes(String)
    /// Leaves the client waiting until it gives up.
    case silence

    static func json(_ body: String, status: String = "200 OK", headers: String = "") -> Answer {
      .bytes("HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }
  }

  let port: Int
  private let listener: Int32
  private let answer: @Sendable (Request) -> Answer
  private let state = Mutex<(requests: [Request], connections: Int)>(([], 0))

  var requests: [Request] { state.withLock { $0.requests } }
  var connections: Int { state.withLock { $0.connections } }
  var endpoint: String { "http://127.0.0.1:\(port)" }

  init(_ answer: @escaping @Sendable (Request) -> Answer) {
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
    DispatchQueue(label: "test.server").async { self.acceptConnections() }
  }

  /// Takes no further connections; every test must call it.
  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  private func acceptConnections() {
    while true {
      let connection = accept(listener, nil, nil)
      guard connection >= 0 else { break }
      serve(connection)
    }
    close(listener)
  }

  private func serve(_ connection: Int32) {
    let number = state.withLock { state in
      state.connections += 1
      return state.connections
    }
    DispatchQueue(label: "test.connection").async {
      var pending: [UInt8] = []
      while let request = readRequest(from: connection, &pending, number) {
        self.state.withLock { $0.requests.append(request) }
        switch self.answer(request) {
        case .bytes(let text): write(text, to: connection)
        case .lastBytes(let text):
          write(text, to: connection)
          close(connection)
          return
        case .silence: break
        }
      }
      close(connection)
    }
  }
}

private func write(_ text: String, to connection: Int32) {
  var rest = Array(text.utf8)[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    guard count > 0 else { return }
    rest = rest.dropFirst(count)
  }
}

/// `nil` when the client has closed the connection.
private func readRequest(from connection: Int32, _ pending: inout [UInt8], _ number: Int) -> ScriptedServer.Request? {
  let mark = Array("\r\n\r\n".utf8)
  var chunk = [UInt8](repeating: 0, count: 65_536)
  func fill() -> Bool {
    let count = recv(connection, &chunk, chunk.count, 0)
    guard count > 0 else { return false }
    pending += chunk[..<count]
    return true
  }
  while true {
    if let range = pending.firstRange(of: mark) {
      var request = ScriptedServer.Request(
        head: String(decoding: pending[..<range.lowerBound], as: UTF8.self), body: [], connection: number)
      let end = range.upperBound + (request.header("content-length").flatMap { Int($0) } ?? 0)
      while pending.count < end { if !fill() { return nil } }
      request.body = Array(pending[range.upperBound..<end])
      pending.removeFirst(end)
      return request
    }
    if !fill() { return nil }
  }
}
