import NIOCore

/// Gives the documents of a stream to the daemon, and reads no further while there is no room for one.
final class StreamHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = Never

  /// Waits between two tries to find room; each is twice the one before it.
  private static let firstWait = TimeAmount.milliseconds(2)
  private static let longestWait = TimeAmount.milliseconds(100)
  /// A stream that brings nothing for this long while the server closes has run dry.
  private static let dryness = TimeAmount.milliseconds(50)

  /// A document that waits for room.
  private struct Wait {
    let end: NIODeadline
    var next: TimeAmount
    var timer: Scheduled<Void>?
  }

  private let service: Service
  private let connection: Connection
  private var framing: DocumentFraming
  /// What came and is not yet with the daemon: at most one incomplete document and one read.
  private var pending: ByteBuffer?
  /// When the document that is incomplete began.
  private var begun: NIODeadline?
  private var wait: Wait?
  private var owesRead = false
  private var inputIsClosed = false
  private var hasEnded = false
  private var reads = 0

  init(framing: DocumentFraming, service: Service, connection: Connection) {
    self.framing = framing
    self.service = service
    self.connection = connection
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !hasEnded else { return }
    reads += 1
    var read = unwrapInboundIn(data)
    if pending?.writeBuffer(&read) == nil { pending = read }
    if wait == nil { take(context) }
  }

  func read(context: ChannelHandlerContext) {
    if wait == nil { context.read() } else { owesRead = true }
  }

  /// Gives the daemon what is complete.
  private func take(_ context: ChannelHandlerContext) {
    while let bytes = pending {
      let step: DocumentFraming.Step
      do {
        step = try bytes.withUnsafeReadableBytes { raw throws(DocumentFraming.Garbage) in
          try raw.withMemoryRebound(to: UInt8.self) { bytes throws(DocumentFraming.Garbage) in
            try framing.next(in: bytes)
          }
        }
      } catch {
        return refuse(error.reason, context)
      }
      switch step {
      case .incomplete: return becomeIncomplete(context)
      case .skip(let count): consume(count)
      case .document(let range, let end):
        guard offer(range, of: bytes) else { return startWait(context) }
        wait = nil
        consume(end)
      }
    }
    begun = nil
    connection.due = .now() + TimeAmount(service.configuration.streamIdleTimeout)
    resume(context)
  }

  /// `false` when there was no room and the document has still time.
  private func offer(_ range: Range<Int>, of buffer: ByteBuffer) -> Bool {
    let isLastTry = hasEnded || wait.map { $0.end <= .now() } ?? false
    let acceptance = buffer.withUnsafeReadableBytes { raw in
      raw.withMemoryRebound(to: UInt8.self) { service.handlers.accept($0.extracting(range).span, isLastTry) }
    }
    switch acceptance {
    case .accepted: service.tally.update { $0.documentsAccepted += 1 }
    case .rejected: service.tally.update { $0.documentsRejected += 1 }
    case .noRoom:
      guard isLastTry else { return false }
      service.tally.update { $0.documentsDropped += 1 }
    }
    return true
  }

  private func consume(_ count: Int) {
    pending?.moveReaderIndex(forwardBy: count)
    begun = nil
    if pending?.readableBytes == 0 { pending = nil }
  }

  private func becomeIncomplete(_ context: ChannelHandlerContext) {
    // What is left of a large read must not keep all of it.
    if let rest = pending, rest.readerIndex > 0 || rest.storageCapacity > 4 * rest.readableBytes {
      pending = ByteBuffer(bytes: rest.readableBytesView)
    }
    let begun = self.begun ?? .now()
    self.begun = begun
    connection.due = begun + TimeAmount(service.configuration.requestTimeout)
    resume(context)
  }

  private func startWait(_ context: ChannelHandlerContext) {
    if wait == nil {
      service.tally.update { $0.waitsForRoom += 1 }
      wait = Wait(end: .now() + TimeAmount(service.configuration.roomTimeout), next: Self.firstWait)
    }
    connection.due = .distantFuture
    let delay = wait?.next ?? Self.firstWait
    wait?.next = min(delay * 2, Self.longestWait)
    wait?.timer = context.eventLoop.assumeIsolated().scheduleTask(in: delay) {
      if !self.hasEnded { self.take(context) }
    }
  }

  /// Reads on, or ends when there is nothing more to read.
  private func resume(_ context: ChannelHandlerContext) {
    if inputIsClosed { return end(context) }
    if owesRead {
      owesRead = false
      context.read()
    }
  }

  private func end(_ context: ChannelHandlerContext) {
    finish()
    context.close(promise: nil)
  }

  /// Gives away what is left, with one try each.
  private func finish() {
    guard !hasEnded else { return }
    hasEnded = true
    wait?.timer?.cancel()
    while let bytes = pending {
      let step = try? bytes.withUnsafeReadableBytes { raw in
        try raw.withMemoryRebound(to: UInt8.self) { try framing.next(in: $0) }
      }
      switch step {
      case .skip(let count): consume(count)
      case .document(let range, let end):
        _ = offer(range, of: bytes)
        consume(end)
      case .incomplete, nil:
        pending = nil
        service.tally.refused(.cutDocument)
        service.handlers.reject(Refusal.cutDocument.rawValue)
      }
    }
  }

  private func refuse(_ reason: String, _ context: ChannelHandlerContext) {
    service.tally.refused(.garbage)
    service.handlers.reject(reason)
    drop(context)
  }

  private func drop(_ context: ChannelHandlerContext) {
    hasEnded = true
    pending = nil
    wait?.timer?.cancel()
    context.close(promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case ConnectionEvent.overdue:
      service.tally.refused(pending == nil ? .idle : .slowDocument)
      if pending != nil { service.handlers.reject(Refusal.slowDocument.rawValue) }
      drop(context)
    case ConnectionEvent.closing: endWhenDry(context)
    case ChannelEvent.inputClosed:
      inputIsClosed = true
      if wait == nil { end(context) }
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  /// What the sender gave away before the server began to close may still be on its way through the kernel.
  private func endWhenDry(_ context: ChannelHandlerContext) {
    let before = reads
    context.eventLoop.assumeIsolated().scheduleTask(in: Self.dryness) {
      guard !self.hasEnded else { return }
      if self.reads == before, self.wait == nil { self.end(context) } else { self.endWhenDry(context) }
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    finish()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { end(context) }
}
