import XRayModel

/// Records of a stream, one after the other, as a function gets them.
struct StreamBatch {
  struct Element {
    var record: StreamRecord
    /// The record in the event.
    var bytes: [UInt8]

    init(_ record: StreamRecord, from source: StreamSource) {
      var json = record.json
      json["eventSource"] = .string(source.kind.rawValue)
      json["eventSourceARN"] = .string(source.stream)
      var writer = JSONWriter()
      writer.value(.object(json))
      bytes = writer.bytes
      self.record = record
    }
  }

  private(set) var elements: ArraySlice<Element>

  private init(_ elements: ArraySlice<Element>) { self.elements = elements }

  /// The batches of records: as many in each as its size and its bytes allow, but one at least.
  static func all(of records: [StreamRecord], from source: StreamSource) -> [StreamBatch] {
    let elements = records.map { Element($0, from: source) }
    var batches: [StreamBatch] = []
    var (start, bytes) = (0, 0)
    for (index, element) in elements.enumerated() {
      let size = element.bytes.count + 1
      let isFull = index - start == source.batchSize || bytes + size > StreamSource.eventBytesLimit - 16
      if isFull, index > start {
        batches.append(StreamBatch(elements[start..<index]))
        (start, bytes) = (index, 0)
      }
      bytes += size
    }
    if start < elements.count { batches.append(StreamBatch(elements[start...])) }
    return batches
  }

  var count: Int { elements.count }
  var oldest: Timestamp? { elements.lazy.map(\.record.arrival).min() }

  /// How many records, from the first on, arrived before `moment`.
  func count(before moment: Timestamp) -> Int { elements.prefix { $0.record.arrival < moment }.count }

  /// The batch in two: `count` records, and the others.
  func split(at count: Int) -> (StreamBatch, StreamBatch) {
    let middle = elements.startIndex + count
    return (StreamBatch(elements[..<middle]), StreamBatch(elements[middle...]))
  }

  /// What the function gets.
  var event: [UInt8] {
    var bytes = Array(#"{"Records":["#.utf8)
    bytes.reserveCapacity(elements.reduce(16) { $0 + $1.bytes.count + 1 })
    for (index, element) in elements.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes += element.bytes
    }
    return bytes + Array("]}".utf8)
  }

  /// How many records, from the first on, are processed as a function's answer tells: those before the first that
  /// failed, and none when the answer makes no sense.
  func processed(accordingTo answer: [UInt8]) -> Int {
    let numbers = elements.map(\.record.sequenceNumber)
    guard let failed = batchItemFailures(in: answer, of: Set(numbers)) else { return 0 }
    return numbers.firstIndex { failed.contains($0) } ?? count
  }
}
