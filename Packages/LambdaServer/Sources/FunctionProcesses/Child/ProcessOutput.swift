import Glibc
import NIOCore

/// What a process and its children write, line by line.
///
/// A process that writes without end costs time but no memory: lines are handed on or, while nobody takes them, kept
/// up to a limit and then counted. Everything here happens on the event loop of the environment.
final class ProcessOutput: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  /// A longer line goes on as the next.
  private static let lineBytesLimit = 16 << 10
  /// For lines that nobody has taken yet: those of initialization.
  private static let keptBytesLimit = 64 << 10

  /// Takes the lines, those that were kept first; `nil` when there is no invocation.
  var sink: ((String) -> Void)? {
    didSet { handOver() }
  }
  /// Told of each line that the process wrote.
  var whenLine: (String) -> Void = { _ in }
  private(set) var isAtEnd = false
  /// Called when every process that could write is gone, or has closed its output.
  var whenAtEnd: () -> Void = {}

  /// The same pipe once more, to ask what is in it; -1 at the end.
  private var descriptor: CInt
  private var line: [UInt8] = []
  private var kept: [String] = []
  private var keptBytes = 0
  private var leftOut = 0

  init(descriptor: CInt) { self.descriptor = descriptor }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    unwrapInboundIn(data).withUnsafeReadableBytes { take($0) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    endLine()
    isAtEnd = true
    close()
    whenAtEnd()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  /// Whether the pipe holds something that is still to be read.
  var hasUnread: Bool {
    guard descriptor >= 0 else { return false }
    var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&state, 1, 0) > 0 && state.revents & Int16(POLLIN) != 0
  }

  /// Ends a line that the process has not ended.
  func endLine() {
    guard !line.isEmpty else { return }
    hand(String(decoding: line, as: UTF8.self))
    line = []
  }

  /// The lines that nobody took.
  func takeKept() -> [String] {
    defer { (kept, keptBytes, leftOut) = ([], 0, 0) }
    return kept + (leftOut == 0 ? [] : ["(\(leftOut) lines left out)"])
  }

  func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  private func take(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = rest.prefix(Self.lineBytesLimit - line.count)
      if let end = part.firstIndex(of: UInt8(ascii: "\n")) {
        line += rest[..<end]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        // Empty lines count as well.
        hand(String(decoding: line, as: UTF8.self))
        line.removeAll(keepingCapacity: true)
        rest = rest[(end + 1)...]
      } else {
        line += part
        rest = rest[part.endIndex...]
        if line.count >= Self.lineBytesLimit { endLine() }
      }
    }
  }

  private func hand(_ text: String) {
    whenLine(text)
    add(text)
  }

  /// Adds a line that somebody else wrote.
  func add(_ text: String) {
    if let sink { return sink(text) }
    keptBytes += text.utf8.count + 1
    if keptBytes <= Self.keptBytesLimit { kept.append(text) } else { leftOut += 1 }
  }

  private func handOver() {
    guard let sink else { return }
    for line in takeKept() { sink(line) }
  }
}
