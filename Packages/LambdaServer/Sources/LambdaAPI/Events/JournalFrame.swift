import CZlib

/// How records lie in the file: a head of 16 bytes, then the record. The head has four numbers, the lowest byte first:
/// a mark, the record's length, the record's checksum and the checksum of these three.
///
/// The head's own checksum tells a damaged record, of which the length is still good, from a damaged head; the mark finds
/// the next record behind one.
enum JournalFrame {
  static let headBytes = 16
  /// Above any event: 1 MB of payload, each byte of it escaped at the worst.
  static let recordBytesLimit = 16 << 20
  private static let mark: UInt32 = 0x3156_4546

  static func framed(_ record: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(headBytes + record.count)
    append(mark, to: &bytes)
    append(UInt32(clamping: record.count), to: &bytes)
    append(checksum(of: record[...]), to: &bytes)
    append(checksum(of: bytes[...]), to: &bytes)
    return bytes + record
  }

  /// What a file holds.
  struct Content {
    /// Where the records lie that are whole, in their order.
    var records: [Range<Int>] = []
    /// What lies between whole records and is none.
    var damaged: [Range<Int>] = []
    /// After the last whole record: a record that was being written.
    var tornBytes = 0
  }

  static func content(of file: [UInt8]) -> Content {
    var content = Content()
    var offset = 0
    while offset < file.count {
      guard let length = recordLength(at: offset, in: file), offset + headBytes + length <= file.count else {
        guard let next = (offset + 1..<file.count).first(where: { recordLength(at: $0, in: file) != nil }) else {
          content.tornBytes = file.count - offset
          break
        }
        content.damaged.append(offset..<next)
        offset = next
        continue
      }
      let record = offset + headBytes..<offset + headBytes + length
      if number(at: offset + 8, in: file) == checksum(of: file[record]) {
        content.records.append(record)
      } else {
        content.damaged.append(offset..<record.upperBound)
      }
      offset = record.upperBound
    }
    return content
  }

  /// What the head at `offset` says; `nil` when there is none.
  private static func recordLength(at offset: Int, in file: [UInt8]) -> Int? {
    guard file.count - offset >= headBytes, number(at: offset, in: file) == mark,
      number(at: offset + 12, in: file) == checksum(of: file[offset..<offset + 12])
    else { return nil }
    let length = Int(number(at: offset + 4, in: file))
    return length <= recordBytesLimit ? length : nil
  }

  private static func append(_ number: UInt32, to bytes: inout [UInt8]) {
    for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> UInt32(shift))) }
  }

  private static func number(at offset: Int, in file: [UInt8]) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(file[offset + $1]) << UInt32(8 * $1) }
  }

  private static func checksum(of bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.withUnsafeBufferPointer { UInt32(truncatingIfNeeded: crc32_z(0, $0.baseAddress, $0.count)) }
  }
}
