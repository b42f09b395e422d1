import TraceColumns
import TraceFilters
import Traces
import XRayModel

/// Where a page of summaries ended, as opaque text: start, id, a checksum of the query, and one of all this.
struct PageToken {
  let position: SummaryScan.Position
  private let query: UInt32

  init(after last: SummaryScan.Position, of query: TraceQuery, _ filter: TraceFilter?) {
    position = last
    self.query = query.checksum(with: filter)
  }

  /// - Throws: ``StoreError/Reason/badToken`` unless it was made for the same query.
  init(_ text: String, for query: TraceQuery, _ filter: TraceFilter?, path: String) throws(StoreError) {
    let bytes = Self.bytes(ofHex: text)
    func number(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
    guard bytes.count == 32, let id = TraceID(key: bytes[8..<24]) else {
      throw StoreError(.badToken, path: path, "the page token is malformed")
    }
    let start = Timestamp(ticks: Int64(bitPattern: number(0..<8)))
    position = SummaryScan.Position(start: start, id: id)
    self.query = query.checksum(with: filter)
    guard text == self.text else { throw StoreError(.badToken, path: path, "the page token belongs to another query") }
  }

  /// 64 hexadecimal digits.
  var text: String {
    var bytes: [UInt8] = []
    withUnsafeBytes(of: (position.start.ticks).bigEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: position.id.key)
    withUnsafeBytes(of: query.bigEndian) { bytes.append(contentsOf: $0) }
    var checksum = Checksum()
    bytes.withUnsafeBytes { checksum.add($0) }
    withUnsafeBytes(of: checksum.value.bigEndian) { bytes.append(contentsOf: $0) }
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// Empty when it is not hexadecimal.
  private static func bytes(ofHex text: String) -> [UInt8] {
    let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return [] }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}

extension TraceQuery {
  /// Of everything but the token and the size of the page: the next one may be larger or smaller.
  fileprivate func checksum(with filter: TraceFilter?) -> UInt32 {
    var checksum = Checksum()
    checksum.add(range == nil ? 0 : 1)
    for number in [range?.lowerBound.ticks ?? 0, range?.upperBound.ticks ?? 0] { checksum.add(number) }
    if let filter { Array(filter.expression.description.utf8).withUnsafeBytes { checksum.add($0) } }
    return checksum.value
  }
}
