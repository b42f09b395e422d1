import Glibc

/// A client of the backend, which asks one thing after the other over one connection.
struct BackendConnection {
  /// Where a request is in what was received.
  struct Request {
    var path: String
    var body: Range<Int>
  }

  let descriptor: Int32
  /// What was received and not dealt with.
  private(set) var received: [UInt8] = []
  private var output: [UInt8] = []
  private var written = 0
  /// When the answer may leave, by the clock that begins with the machine.
  private(set) var due: UInt64 = 0
  /// Nothing is answered any more.
  private(set) var isHung = false
  private var endsAfterAnswer = false
  private var next: Request?

  /// More than any daemon sends at a time.
  private static let longestRequest = 16 << 20

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  var hasOutput: Bool { written < output.count }

  /// Takes what is there, by way of `piece`. False when the client is gone.
  mutating func receive(_ piece: UnsafeMutableRawBufferPointer) -> Bool {
    while true {
      let count = recv(descriptor, piece.baseAddress, piece.count, Int32(MSG_DONTWAIT))
      if count < 0 { return errno == EAGAIN || errno == EINTR }
      guard count > 0, received.count < Self.longestRequest else { return false }
      received.append(contentsOf: piece[..<count])
      if count < piece.count { return true }
    }
  }

  /// The next whole request; `nil` while it has not arrived, or the one before it is not answered.
  mutating func request() -> Request? {
    guard !isHung, !hasOutput, !received.isEmpty else { return nil }
    if next == nil { next = head() }
    guard let next, received.count >= next.body.upperBound else { return nil }
    return next
  }

  /// Ends the request that ``request()`` returned.
  mutating func answer(_ text: String, at due: UInt64 = 0) {
    forget()
    output = Array(text.utf8)
    written = 0
    self.due = due
  }

  /// The request is never answered, nor any after it.
  mutating func hang() {
    forget()
    isHung = true
  }

  /// Sends what may leave. False when the connection is to be closed.
  mutating func flush(_ now: UInt64) -> Bool {
    guard hasOutput, now >= due else { return true }
    let count = output.withUnsafeBytes {
      send(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
    }
    if count < 0 { return errno == EAGAIN || errno == EINTR }
    written += count
    return hasOutput || !endsAfterAnswer
  }

  private mutating func forget() {
    guard let end = next?.body.upperBound else { return }
    if end == received.count { received.removeAll(keepingCapacity: true) } else { received.removeFirst(end) }
    next = nil
  }

  /// The path and the place of the body; `nil` while the head is not whole.
  private mutating func head() -> Request? {
    let limit = min(received.count, 16_384)
    guard let end = (3..<max(3, limit)).first(where: { received[$0 - 3...$0].elementsEqual([13, 10, 13, 10]) }) else {
      return nil
    }
    var lines = String(decoding: received[..<end], as: UTF8.self).split(separator: "\r\n")[...]
    let words = lines.popFirst()?.split(separator: " ") ?? []
    var length = 0
    for line in lines {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      switch line[..<colon].lowercased() {
      case "content-length": length = max(0, Int(value) ?? 0)
      case "connection": endsAfterAnswer = value.lowercased() == "close"
      default: break
      }
    }
    return Request(path: words.count > 1 ? String(words[1]) : "", body: end + 1..<end + 1 + length)
  }
}
