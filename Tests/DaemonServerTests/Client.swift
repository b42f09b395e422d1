import Dispatch

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A plain TCP connection to a server on this machine. Its blocking calls run on threads of their own.
final class Client: Sendable {
  struct Response: Sendable {
    var status = 0
    var headers: [String: String] = [:]
    var body = ""
  }

  private let descriptor: Int32
  private let queue = DispatchQueue(label: "client")

  init(port: Int, receiveSeconds: Int = 10) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeBytes(of: &address) { raw in
      raw.withMemoryRebound(to: sockaddr.self) { connect(descriptor, $0.baseAddress, size) }
    }
    guard result == 0 else { throw ConnectError(code: errno) }
    var timeout = timeval(tv_sec: receiveSeconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
  }

  struct ConnectError: Error { var code: Int32 }

  deinit { close(descriptor) }

  private func perform<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in queue.async { continuation.resume(returning: work()) } }
  }

  /// `false` when the server no longer takes it.
  @discardableResult
  func send(_ bytes: [UInt8]) async -> Bool {
    await perform { [descriptor] in
      var sent = 0
      while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes {
          systemSend(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count <= 0 { return false }
        sent += count
      }
      return true
    }
  }

  @discardableResult
  func send(_ text: String) async -> Bool { await send(Array(text.utf8)) }

  func endOutput() async { await perform { [descriptor] in _ = shutdown(descriptor, Int32(SHUT_WR)) } }

  /// What comes next: empty at the end, `nil` after a reset or when nothing came in time.
  func receive(_ limit: Int = 65_536) async -> [UInt8]? {
    await perform { [descriptor] in
      var buffer = [UInt8](repeating: 0, count: limit)
      let count = recv(descriptor, &buffer, limit, 0)
      return count < 0 ? nil : Array(buffer.prefix(count))
    }
  }

  /// Everything up to the connection's end.
  func receiveAll() async -> String {
    var bytes: [UInt8] = []
    while let part = await receive(), !part.isEmpty { bytes += part }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Whether the server has ended the connection without another word.
  func isEnded() async -> Bool {
    let part = await receive()
    return part == nil || part?.isEmpty == true
  }

  /// Reads one response, byte by byte so that nothing of the next one is lost.
  func response(toHead: Bool = false) async -> Response? {
    var head: [UInt8] = []
    while !head.suffix(4).elementsEqual([13, 10, 13, 10]) {
      guard let byte = await receive(1), !byte.isEmpty else { return nil }
      head += byte
    }
    let lines = String(decoding: head.dropLast(4), as: UTF8.self).split(separator: "\r\n")
    var response = Response()
    response.status = Int(lines[0].split(separator: " ")[1]) ?? 0
    for line in lines.dropFirst() {
      let colon = line.firstIndex(of: ":") ?? line.startIndex
      response.headers[line[..<colon].lowercased()] = String(line[colon...].dropFirst(2))
    }
    var left = toHead ? 0 : Int(response.headers["content-length"] ?? "0") ?? 0
    var body: [UInt8] = []
    while left > 0, let part = await receive(left), !part.isEmpty {
      body += part
      left -= part.count
    }
    response.body = String(decoding: body, as: UTF8.self)
    return response
  }

  /// Sends a request and reads its response.
  func request(
    _ method: String = "GET", _ path: String, headers: String = "", body: String = "", host: String = "localhost"
  ) async -> Response? {
    await send(Self.request(method, path, headers: headers, body: body, host: host))
    return await response(toHead: method == "HEAD")
  }

  static func request(
    _ method: String = "GET", _ path: String, headers: String = "", body: String = "", host: String = "localhost"
  ) -> String {
    let length = method == "POST" ? "Content-Length: \(body.utf8.count)\r\n" : ""
    return "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\(length)\(headers)\r\n\(body)"
  }
}

/// The system's `send`, whose name the class uses itself.
private func systemSend(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, _ flags: Int32) -> Int {
  send(descriptor, bytes, count, flags)
}

/// One request on a connection of its own.
func fetch(_ port: Int, _ method: String, _ path: String, host: String = "localhost") async -> Client.Response? {
  await (try? Client(port: port))?.request(method, path, host: host)
}
