import XRayModel

/// Cuts bytes that come in pieces into lines, each of which is a document. Holds at most one unfinished line.
struct LineSplitter {
  /// Bytes of a line beyond which it cannot be a document and is not kept.
  static let lineLimit = 1 << 20

  /// Finished lines that nobody took yet.
  private(set) var documents = DocumentBatch()
  /// Lines that were longer than ``lineLimit``.
  private(set) var tooLong = 0
  private var unfinished: [UInt8] = []
  /// Whether the rest of the present line is to be skipped.
  private var isSkipping = false

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      finish(rest[..<end])
      rest = rest[(end + 1)...]
    }
    guard !isSkipping else { return }
    if unfinished.count + rest.count > Self.lineLimit {
      skip()
    } else {
      unfinished.append(contentsOf: rest)
    }
  }

  /// The input is over: its last line may lack the line break.
  mutating func end() { finish(UnsafeRawBufferPointer(start: nil, count: 0)[...]) }

  mutating func takeDocuments() -> DocumentBatch {
    defer { documents = DocumentBatch() }
    return documents
  }

  private mutating func finish(_ tail: Slice<UnsafeRawBufferPointer>) {
    defer {
      isSkipping = false
      unfinished.removeAll(keepingCapacity: true)
    }
    guard !isSkipping else { return }
    if unfinished.isEmpty {
      add(tail, count: tail.count)
    } else {
      unfinished.append(contentsOf: tail)
      add(unfinished, count: unfinished.count)
    }
  }

  private mutating func add(_ line: some BidirectionalCollection<UInt8>, count: Int) {
    guard count <= Self.lineLimit else { return tooLong += 1 }
    // A line of JSON's own white space is empty; one of other control characters is a bad document and answered for.
    if line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) { documents.append(line) }
  }

  private mutating func skip() {
    isSkipping = true
    tooLong += 1
    unfinished = []
  }
}
