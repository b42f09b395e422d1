import NIOCore
import XRayDaemon

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Finds documents in a stream of bytes.
struct DocumentFraming {
  enum Form {
    /// Each frame is a length of 4 bytes, the highest first, and what a datagram would hold.
    case lengths
    /// The header line once, then a document a line.
    case lines
  }

  /// What stands at the beginning of the bytes.
  enum Step {
    /// Nothing complete.
    case incomplete
    /// Bytes that belong to no document.
    case skip(Int)
    /// A document, and the bytes up to the end of what holds it.
    case document(Range<Int>, end: Int)
  }

  /// Why the bytes are no stream of documents; the rest of the stream cannot be understood.
  struct Garbage: Error {
    var reason: String
    init(_ reason: String) { self.reason = reason }
    init(_ rejection: DatagramRejection) { reason = rejection.rawValue }
  }

  private let form: Form
  private let documentBytes: Int
  private let frameBytes: Int
  private var hasHeader = false
  /// Bytes of an incomplete line that were searched for its end before.
  private var searched = 0

  init(_ form: Form, configuration: DaemonServer.Configuration) {
    self.form = form
    documentBytes = configuration.documentBytes
    frameBytes = configuration.frameBytes
  }

  /// Looks at the beginning of `bytes`, which must begin where the last step but an incomplete one ended, or
  /// with the same document again when there was no room for it.
  mutating func next(in bytes: UnsafeBufferPointer<UInt8>) throws(Garbage) -> Step {
    switch form {
    case .lengths: try nextFrame(in: bytes)
    case .lines: try nextLine(in: bytes)
    }
  }

  private func nextFrame(in bytes: UnsafeBufferPointer<UInt8>) throws(Garbage) -> Step {
    guard bytes.count >= 4 else { return .incomplete }
    let length = bytes[..<4].reduce(0) { $0 << 8 | Int($1) }
    guard length > 0, length <= frameBytes else { throw Garbage("bad frame length") }
    let end = 4 + length
    guard bytes.count >= end else { return .incomplete }
    let offset: Int
    do {
      offset = try DatagramHeader.documentOffset(in: bytes.extracting(4..<end).span)
    } catch {
      throw Garbage(error)
    }
    guard length - offset <= documentBytes else { throw Garbage("document too large") }
    return .document(4 + offset..<end, end: end)
  }

  private mutating func nextLine(in bytes: UnsafeBufferPointer<UInt8>) throws(Garbage) -> Step {
    let limit = hasHeader ? documentBytes : DatagramHeader.sizeLimit
    guard let end = lineEnd(in: bytes) else {
      guard bytes.count <= limit else { throw Garbage(hasHeader ? "line too long" : "bad header") }
      searched = bytes.count
      return .incomplete
    }
    searched = 0
    guard end <= limit else { throw Garbage(hasHeader ? "line too long" : "bad header") }
    guard hasHeader else {
      try checkHeader(bytes.extracting(..<end))
      hasHeader = true
      return .skip(end + 1)
    }
    let isBlank = bytes[..<end].allSatisfy { $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }
    return isBlank ? .skip(end + 1) : .document(0..<end, end: end + 1)
  }

  private func lineEnd(in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    guard let base = bytes.baseAddress, let found = memchr(base + searched, 0x0A, bytes.count - searched) else {
      return nil
    }
    return UnsafeRawPointer(base).distance(to: found)
  }

  /// The header line of a stream is that of a datagram, which has something after it.
  private func checkHeader(_ line: UnsafeBufferPointer<UInt8>) throws(Garbage) {
    let datagram = Array(line) + [0x0A, 0x0A]
    do {
      _ = try DatagramHeader.documentOffset(in: datagram.span)
    } catch {
      throw Garbage(error)
    }
  }
}
