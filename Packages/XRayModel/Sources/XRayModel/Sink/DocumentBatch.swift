/// Segment documents on their way to a sink: their bytes one after the other, without a copy each.
public struct DocumentBatch: Sendable {
  /// All documents, back to back.
  public private(set) var bytes: [UInt8] = []
  /// Where each document ends in ``bytes``.
  public private(set) var ends: [Int] = []

  public init() {}

  public init(_ documents: some Sequence<some Sequence<UInt8>>) {
    for document in documents { append(document) }
  }

  /// Number of documents.
  public var count: Int { ends.count }
  public var isEmpty: Bool { ends.isEmpty }

  public mutating func reserveCapacity(documents: Int, bytes count: Int) {
    ends.reserveCapacity(documents)
    bytes.reserveCapacity(count)
  }

  public mutating func append(_ document: some Sequence<UInt8>) {
    bytes.append(contentsOf: document)
    ends.append(bytes.count)
  }

  public mutating func append(_ document: ArraySlice<UInt8>) { document.withUnsafeBytes { append(copying: $0) } }

  /// Appends the bytes of a document that lies in memory owned by somebody else.
  public mutating func append(copying document: UnsafeRawBufferPointer) {
    bytes.append(contentsOf: document)
    ends.append(bytes.count)
  }

  /// Appends the document that `write` appends to the bytes.
  mutating func append(_ write: (inout [UInt8]) -> Void) {
    write(&bytes)
    ends.append(bytes.count)
  }

  /// Where document `index` lies in ``bytes``.
  public func range(of index: Int) -> Range<Int> {
    (index == 0 ? 0 : ends[index - 1])..<ends[index]
  }

  /// The bytes of document `index`, sharing this batch's memory.
  public subscript(index: Int) -> ArraySlice<UInt8> { bytes[range(of: index)] }

  /// Gives back memory that was reserved in vain.
  public mutating func trim() {
    bytes = [UInt8](unsafeUninitializedCapacity: bytes.count) { memory, count in
      count = memory.initialize(fromContentsOf: bytes)
    }
  }

  /// Forgets the documents and keeps the memory.
  public mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }
}
