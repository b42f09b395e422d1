import Glibc

/// A connection to a server of this machine, kept from call to call. It is made anew where a server ends it.
final class KeptConnection {
  struct Answer {
    var status: Int
    var body: [UInt8]
  }

  /// -1 while there is none.
  private(set) var descriptor: Int32 = -1
  /// How often it was made.
  private(set) var count = 0
  private let port: UInt16
  private var received: [UInt8] = []
  private var piece = [UInt8](repeating: 0, count: 256 << 10)

  /// Seconds that a server may take for an answer.
  private static let patience = 120
  private static let answerLimit = 1 << 28

  init(port: UInt16) { self.port = port }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func send(_ call: APICall) throws(Failure) {
    if descriptor < 0 { try connect() }
    var sent = 0
    while sent < call.bytes.count {
      let count = call.bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count >= 0 { sent += count } else if errno != EINTR { throw .failed("cannot call: \(Console.systemError)") }
    }
  }

  /// Waits for the whole answer.
  func receive() throws(Failure) -> Answer {
    var head: AnswerHead?
    while true {
      if head == nil { head = try AnswerHead(received) }
      if let head, let length = head.bodyLength, received.count >= head.length + length {
        let body = Array(received[head.length..<head.length + length])
        received.removeSubrange(..<(head.length + length))
        if head.isLast { disconnect() }
        return Answer(status: head.status, body: body)
      }
      let count = recv(descriptor, &piece, piece.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .failed("no answer: \(Console.systemError)") }
      if count == 0 {
        guard let head, head.bodyLength == nil else { throw .failed("the server ended the connection") }
        let body = Array(received.dropFirst(head.length))
        disconnect()
        return Answer(status: head.status, body: body)
      }
      received += piece[..<count]
      guard received.count < Self.answerLimit else { throw .failed("an answer without an end") }
    }
  }

  private func connect() throws(Failure) {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    Loopback.set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY)
    var limit = timeval(tv_sec: Self.patience, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    let code = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else {
      let why = Console.systemError
      disconnect()
      throw .failed("cannot connect to port \(port): \(why)")
    }
    count += 1
  }

  private func disconnect() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    received.removeAll(keepingCapacity: true)
  }
}

/// The status and headers of an answer, as far as they matter here.
private struct AnswerHead {
  /// Of the head, with the blank line.
  var length: Int
  var status: Int
  /// `nil` when the body ends with the connection.
  var bodyLength: Int?
  /// Whether no other answer follows on the connection.
  var isLast: Bool

  /// `nil` when not all of it is there yet.
  init?(_ bytes: [UInt8]) throws(Failure) {
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
    length = end.upperBound
    let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).lowercased().split(separator: "\r\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count > 1, let status = Int(words[1]) else { throw .failed("the answer is not HTTP") }
    self.status = status
    isLast = words[0] == "http/1.0"
    for line in lines.dropFirst() {
      let value = line.drop { $0 != ":" }.dropFirst().drop { $0 == " " }
      if line.hasPrefix("content-length:") { bodyLength = Int(value) }
      if line.hasPrefix("connection:") { isLast = value == "close" }
      if line.hasPrefix("transfer-encoding:") { throw .failed("the answer comes in chunks") }
    }
  }
}
