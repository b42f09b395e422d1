import Glibc

/// Answers like X-Ray's API over plain HTTP on this machine, counts what arrives, and fails when it is told to.
struct CountingBackend: ~Copyable {
  let port: UInt16
  /// Time to each answer to a batch.
  let delayNanoseconds: UInt64
  /// What becomes of every so many batches.
  let fault: BackendAnswer
  let faultEvery: Int
  /// Since the first batch.
  let faultNanoseconds: UInt64

  private var arrivals = Arrivals()
  private var batches = 0
  private var firstBatch: UInt64?
  private var listener: Int32
  private var connections: [Int32: BackendConnection] = [:]
  /// Until then nobody is listened to.
  private var closedUntil: UInt64 = 0
  private var isEnding = false
  private let watch = Stopwatch()
  private let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)

  init(port: UInt16, delayMilliseconds: Int, fault: BackendAnswer, every: Int, during: Int?) throws(Failure) {
    guard let listener = Loopback.listener(port) else {
      throw .unreachable("cannot listen on port \(port): \(Console.systemError)")
    }
    self.port = port
    self.listener = listener
    delayNanoseconds = UInt64(delayMilliseconds) * 1_000_000
    self.fault = fault
    faultEvery = every
    faultNanoseconds = during.map { UInt64($0) * 1_000_000_000 } ?? .max
  }

  deinit { piece.deallocate() }

  /// Serves until it is told to stop, its parent ends or the time is up.
  mutating func run(seconds: Double) {
    let end = nanoseconds(CLOCK_MONOTONIC) + UInt64(seconds * 1e9)
    let parent = getppid()
    while !isEnding, getppid() == parent {
      let now = nanoseconds(CLOCK_MONOTONIC)
      guard now < end else { break }
      if listener < 0, now >= closedUntil { listener = Loopback.listener(port) ?? -1 }
      wait(now)
      for descriptor in Array(connections.keys) { serve(descriptor) }
    }
    closeAll()
  }

  // MARK: Waiting

  /// Takes what comes within 200 ms, and ends earlier when an answer may leave.
  private mutating func wait(_ now: UInt64) {
    var milliseconds: Int32 = listener < 0 ? 5 : 200
    var polled = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
    for connection in connections.values {
      let isLate = connection.hasOutput && now < connection.due
      if isLate { milliseconds = min(milliseconds, Int32((connection.due - now) / 1_000_000 + 1)) }
      // A client that waits for its answer has nothing to say but that it is gone.
      let events = Int16(POLLIN) | (connection.hasOutput && !isLate ? Int16(POLLOUT) : 0)
      polled.append(pollfd(fd: connection.descriptor, events: events, revents: 0))
    }
    guard poll(&polled, nfds_t(polled.count), milliseconds) > 0 else { return }
    for entry in polled.dropFirst() where entry.revents & ~Int16(POLLOUT) != 0 {
      if connections[entry.fd]?.receive(piece) == false { drop(entry.fd) }
    }
    if polled[0].revents != 0 { accept() }
  }

  private mutating func accept() {
    while case let descriptor = Glibc.accept(listener, nil, nil), descriptor >= 0 {
      Loopback.set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY)
      connections[descriptor] = BackendConnection(descriptor)
    }
  }

  // MARK: Answering

  private mutating func serve(_ descriptor: Int32) {
    while let request = connections[descriptor]?.request() {
      answer(request, descriptor)
      guard connections[descriptor]?.flush(nanoseconds(CLOCK_MONOTONIC)) != false else { return drop(descriptor) }
    }
    if connections[descriptor]?.flush(nanoseconds(CLOCK_MONOTONIC)) == false { drop(descriptor) }
  }

  private mutating func answer(_ request: BackendConnection.Request, _ descriptor: Int32) {
    switch request.path {
    case "/TraceSegments": answerBatch(request, descriptor)
    case "/TelemetryRecords":
      arrivals.telemetry += 1
      connections[descriptor]?.answer(Self.response(200, "{}"))
    case "/GetSamplingRules", "/SamplingRules":
      arrivals.sampling += 1
      connections[descriptor]?.answer(Self.response(200, #"{"SamplingRuleRecords":[],"NextToken":null}"#))
    case "/SamplingTargets":
      arrivals.sampling += 1
      let body = #"{"SamplingTargetDocuments":[],"LastRuleModification":0,"UnprocessedStatistics":[]}"#
      connections[descriptor]?.answer(Self.response(200, body))
    case "/bench/stats":
      let report = BackendReport(arrivals, processorSeconds: watch.cost.processorSeconds)
      connections[descriptor]?.answer(Self.response(200, report.json))
    case "/bench/stop":
      isEnding = true
      connections[descriptor]?.answer(Self.response(200, "{}"))
    case let path where path.hasPrefix("/bench/outage/"):
      closedUntil = nanoseconds(CLOCK_MONOTONIC) + (UInt64(path.dropFirst(14)) ?? 0) * 1_000_000
      connections[descriptor]?.answer(Self.response(200, "{}"))
      _ = connections[descriptor]?.flush(.max)
      closeAll()
    default:
      arrivals.unknown += 1
      connections[descriptor]?.answer(Self.response(404, #"{"Message":"no such path"}"#))
    }
  }

  private mutating func answerBatch(_ request: BackendConnection.Request, _ descriptor: Int32) {
    batches += 1
    let now = nanoseconds(CLOCK_MONOTONIC)
    firstBatch = firstBatch ?? now
    let due = delayNanoseconds > 0 ? now + delayNanoseconds : 0
    let fails = faultEvery > 0 && batches % faultEvery == 0 && now - (firstBatch ?? now) < faultNanoseconds
    let answer = fails ? fault : .taken
    if answer != .taken { arrivals.refused += 1 }
    switch answer {
    case .taken:
      connections[descriptor]?.received.withUnsafeBytes {
        arrivals.count(UnsafeRawBufferPointer(rebasing: $0[request.body]))
      }
      connections[descriptor]?.answer(Self.response(200, #"{"UnprocessedTraceSegments":[]}"#), at: due)
    case .status(let status):
      connections[descriptor]?.answer(Self.response(status, #"{"Message":"refused"}"#), at: due)
    case .hang: connections[descriptor]?.hang()
    case .garbage: connections[descriptor]?.answer("\u{1}\u{2} no HTTP at all\r\n\r\n", at: due)
    case .reset:
      // Without waiting for what is on its way, so that the client learns of it by a reset.
      var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
      setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
      drop(descriptor)
    case .unprocessed:
      var ids: [String] = []
      connections[descriptor]?.received.withUnsafeBytes { bytes in
        DocumentStrings.visit(UnsafeRawBufferPointer(rebasing: bytes[request.body])) { ids.append(Self.id(of: $0)) }
      }
      let entries = ids.map { #"{"Id":"\#($0)","ErrorCode":"InvalidSegment","Message":"not processed"}"# }
      let body = #"{"UnprocessedTraceSegments":[\#(entries.joined(separator: ","))]}"#
      connections[descriptor]?.answer(Self.response(200, body), at: due)
    }
  }

  /// The 16 digits after the trace id, which stands first.
  private static func id(of document: Slice<UnsafeRawBufferPointer>) -> String {
    let words = document.prefix(120).split { !(48...57 ~= $0 || 97...102 ~= $0) }
    return String(decoding: words.last { $0.count == 16 } ?? document.prefix(0), as: UTF8.self)
  }

  private static func response(_ status: Int, _ body: String) -> String {
    // Clients try again by the name of the error.
    let error = status == 429 ? "x-amzn-ErrorType: ThrottledException\r\n" : ""
    return """
      HTTP/1.1 \(status) \(status == 200 ? "OK" : "Refused")\r
      Content-Type: application/json\r
      \(error)Content-Length: \(body.utf8.count)\r
      \r
      \(body)
      """
  }

  private mutating func drop(_ descriptor: Int32) {
    if connections.removeValue(forKey: descriptor) != nil { close(descriptor) }
  }

  private mutating func closeAll() {
    for descriptor in connections.keys { close(descriptor) }
    connections.removeAll()
    if listener >= 0 { close(listener) }
    listener = -1
  }
}
