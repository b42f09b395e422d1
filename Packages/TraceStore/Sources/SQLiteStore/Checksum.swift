import CZlib

/// A CRC-32 as gzip and PNG use it.
struct Checksum {
  private(set) var value: UInt32 = 0

  init() {}

  init(of document: ArraySlice<UInt8>) { document.withUnsafeBytes { add($0) } }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    value = UInt32(truncatingIfNeeded: crc32_z(uLong(value), base.assumingMemoryBound(to: UInt8.self), bytes.count))
  }

  /// Adds eight bytes, the lowest first.
  mutating func add(_ number: Int64) {
    withUnsafeBytes(of: number.littleEndian) { add($0) }
  }
}
