import FoundationEssentials
import XRayModel

/// Reads numbers and ids from a blob, front to back; `nil` where it does not have them.
struct ByteInput {
  private let data: Data
  private var position: Int

  init(_ data: Data) {
    self.data = data
    position = data.startIndex
  }

  var isAtEnd: Bool { position == data.endIndex }

  /// Seven bits a byte, the lowest first.
  mutating func varint() -> UInt64? {
    var (value, shift) = (UInt64(0), UInt64(0))
    while position < data.endIndex, shift < 64 {
      let byte = data[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }

  mutating func signedVarint() -> Int64? {
    varint().map { Int64(bitPattern: $0 >> 1) ^ -Int64(bitPattern: $0 & 1) }
  }

  mutating func traceIDs(_ count: UInt64) -> [TraceID]? {
    guard count <= UInt64(data.endIndex - position) / 16 else { return nil }
    let ids = data[position...].withUnsafeBytes { bytes in
      (0..<Int(count)).map { place in
        TraceID(
          epoch: UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: place * 16, as: UInt32.self)),
          high: UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: place * 16 + 4, as: UInt32.self)),
          low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: place * 16 + 8, as: UInt64.self)))
      }
    }
    position += ids.count * 16
    return ids
  }

  mutating func halves(_ count: Int) -> [UInt16]? {
    guard count <= (data.endIndex - position) / 2 else { return nil }
    let halves = data[position...].withUnsafeBytes { bytes in
      (0..<count).map { UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 2, as: UInt16.self)) }
    }
    position += count * 2
    return halves
  }
}

extension Data {
  mutating func append(varint value: UInt64) {
    var value = value
    while value >= 0x80 {
      append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    append(UInt8(value))
  }

  mutating func append(signedVarint value: Int64) { append(varint: UInt64(bitPattern: value << 1 ^ value >> 63)) }
}
