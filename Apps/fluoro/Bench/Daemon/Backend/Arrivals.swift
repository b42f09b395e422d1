import Glibc
import XRayModel

/// What arrived at the backend, counted.
struct Arrivals {
  private(set) var requests = 0
  private(set) var documents = 0
  private(set) var unique = 0
  /// Documents that carry no mark.
  private(set) var unmarked = 0
  private(set) var largestBatch = 0
  private(set) var latency = LatencyHistogram()
  /// When the earliest of them was sent.
  private(set) var earliestSent = UInt64.max
  /// Batches that were not taken.
  var refused = 0
  var telemetry = 0
  var sampling = 0
  /// Requests for anything else.
  var unknown = 0
  private var seen: [UInt64] = []

  /// Counts the documents of a body `{"TraceSegmentDocuments":["…","…"]}`.
  mutating func count(_ body: UnsafeRawBufferPointer) {
    let now = nanoseconds(CLOCK_MONOTONIC)
    let before = documents
    DocumentStrings.visit(body) { count(document: $0, at: now) }
    requests += 1
    largestBatch = max(largestBatch, documents - before)
  }

  private mutating func count(document: Slice<UnsafeRawBufferPointer>, at now: UInt64) {
    documents += 1
    guard let mark = Self.mark(in: document), mark.sequence < 1 << 32 else {
      unmarked += 1
      return
    }
    let (word, bit) = (Int(mark.sequence >> 6), UInt64(1) << (mark.sequence & 63))
    if word >= seen.count { seen += [UInt64](repeating: 0, count: word + 1024 - seen.count) }
    guard seen[word] & bit == 0 else { return }
    seen[word] |= bit
    unique += 1
    latency.add(now > mark.sentNanoseconds ? now - mark.sentNanoseconds : 0)
    earliestSent = min(earliestSent, mark.sentNanoseconds)
  }

  /// The mark stands near the beginning, between quotes that may be escaped.
  private static func mark(in document: Slice<UnsafeRawBufferPointer>) -> LoadMark? {
    let key = LoadMark.key.utf8
    for start in document.indices.prefix(400)
    where document[start] == UInt8(ascii: "b") && document[start...].starts(with: key) {
      guard let digits = document[(start + key.count)...].prefix(16).firstIndex(where: { 48...57 ~= $0 }) else { break }
      return LoadMark(document[digits...].prefix(LoadMark.length))
    }
    return nil
  }
}

/// The strings of the array in the body of PutTraceSegments, without reading what is in them.
enum DocumentStrings {
  static func visit(_ body: UnsafeRawBufferPointer, _ visitor: (Slice<UnsafeRawBufferPointer>) -> Void) {
    guard let base = body.baseAddress, let array = body.firstIndex(of: UInt8(ascii: "[")) else { return }
    var place = array + 1
    while let open = quote(base, place, body.count) {
      var close = quote(base, open + 1, body.count)
      while let end = close, isEscaped(body, end) { close = quote(base, end + 1, body.count) }
      guard let close else { return }
      visitor(body[open + 1..<close])
      place = close + 1
    }
  }

  private static func quote(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) -> Int? {
    guard start < end, let found = memchr(base + start, 34, end - start) else { return nil }
    return UnsafeRawPointer(found) - base
  }

  private static func isEscaped(_ body: UnsafeRawBufferPointer, _ place: Int) -> Bool {
    var first = place
    while first > 0, body[first - 1] == UInt8(ascii: "\\") { first -= 1 }
    return (place - first) % 2 == 1
  }
}

/// Spans of time in steps of 1.6 %, however many there are.
struct LatencyHistogram {
  private var counts = [Int](repeating: 0, count: 64 * 64)
  private var total = 0
  private(set) var largest: UInt64 = 0

  mutating func add(_ nanoseconds: UInt64) {
    counts[Self.step(nanoseconds)] += 1
    total += 1
    largest = max(largest, nanoseconds)
  }

  /// Milliseconds; NaN when there are none.
  func percentile(_ share: Double) -> Double {
    guard total > 0 else { return .nan }
    var rest = max(1, Int((share * Double(total)).rounded(.up)))
    for (step, count) in counts.enumerated() {
      rest -= count
      if rest <= 0 { return Self.milliseconds(step) }
    }
    return Double(largest) / 1e6
  }

  /// Powers of two, each cut into 64 parts.
  private static func step(_ value: UInt64) -> Int {
    guard value >= 64 else { return Int(value) }
    let power = 63 - value.leadingZeroBitCount
    return (power - 5) * 64 + Int((value >> UInt64(power - 6)) & 63)
  }

  private static func milliseconds(_ step: Int) -> Double {
    guard step >= 64 else { return Double(step) / 1e6 }
    return Double(64 + (step & 63)) * pow(2, Double(step / 64 - 1)) / 1e6
  }
}
