import Glibc

/// Sockets of this machine alone: nothing here reaches any other.
enum Loopback {
  /// A port that nobody uses now, neither for datagrams nor for streams.
  static func freePort() throws(Failure) -> UInt16 {
    for _ in 0..<100 {
      let stream = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      let datagram = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
      defer {
        close(stream)
        close(datagram)
      }
      guard bind(stream, 0), let port = port(of: stream), bind(datagram, port) else { continue }
      return port
    }
    throw .failed("no free port: \(Console.systemError)")
  }

  static func connectedDatagramSocket(_ port: UInt16) throws(Failure) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    guard descriptor >= 0, withAddress(port, { connect(descriptor, $0, $1) }) == 0 else {
      throw .failed("cannot send to port \(port): \(Console.systemError)")
    }
    return descriptor
  }

  /// A stream socket that listens and never waits; `nil` when the port is taken.
  static func listener(_ port: UInt16) -> Int32? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    set(descriptor, SOL_SOCKET, SO_REUSEADDR)
    guard bind(descriptor, port), listen(descriptor, 1024) == 0 else {
      close(descriptor)
      return nil
    }
    return descriptor
  }

  /// Asks by HTTP for `path` and returns the body of the answer, whatever its status; `nil` when nothing answers
  /// within two seconds.
  static func get(_ path: String, port: UInt16) -> String? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var limit = timeval(tv_sec: 2, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    guard withAddress(port, { connect(descriptor, $0, $1) }) == 0 else { return nil }
    let request = Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n\r\n".utf8)
    guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return nil }
    var answer: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 16_384)
    while answer.count < 1 << 22 {
      let count = recv(descriptor, &piece, piece.count, 0)
      guard count >= 0 else { return nil }
      guard count > 0 else { break }
      answer += piece[..<count]
    }
    let text = String(decoding: answer, as: UTF8.self)
    guard let head = text.firstRange(of: "\r\n\r\n") else { return nil }
    return String(text[head.upperBound...])
  }

  static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32) {
    var one: Int32 = 1
    setsockopt(descriptor, level, option, &one, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func bind(_ descriptor: Int32, _ port: UInt16) -> Bool {
    withAddress(port) { Glibc.bind(descriptor, $0, $1) } == 0
  }

  private static func port(of descriptor: Int32) -> UInt16? {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutableBytes(of: &address) { bytes in
      bytes.baseAddress.map { getsockname(descriptor, $0.assumingMemoryBound(to: sockaddr.self), &length) } ?? -1
    }
    return code == 0 ? UInt16(bigEndian: address.sin_port) : nil
  }

  private static func withAddress(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }
}
