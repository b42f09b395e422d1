import CZlib
import FoundationEssentials

/// The few calls of zlib that blocks need.
enum Zlib {
  /// Level 6 is the best trade of space for time on segment documents.
  static let level: Int32 = 6

  /// `bytes` as a zlib stream (RFC 1950).
  static func deflate(_ bytes: [UInt8]) -> [UInt8] {
    var count = compressBound(uLong(bytes.count))
    return [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, initialized in
      let status = compress2(buffer.baseAddress, &count, bytes, uLong(bytes.count), level)
      precondition(status == Z_OK, "zlib has no memory")
      initialized = Int(count)
    }
  }

  /// The `count` bytes that `stream` stands for; `nil` when it stands for something else.
  static func inflate(_ stream: Data, count: Int) -> [UInt8]? {
    var isWhole = false
    let bytes = [UInt8](unsafeUninitializedCapacity: max(count, 1)) { buffer, initialized in
      var length = uLong(count)
      let status = stream.withUnsafeBytes {
        uncompress(buffer.baseAddress, &length, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), uLong($0.count))
      }
      isWhole = status == Z_OK && Int(length) == count
      initialized = isWhole ? count : 0
    }
    return isWhole ? bytes : nil
  }
}

/// A CRC-32 as gzip and PNG use it.
struct Checksum {
  private(set) var value: UInt32 = 0

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    value = UInt32(truncatingIfNeeded: crc32_z(uLong(value), base.assumingMemoryBound(to: UInt8.self), bytes.count))
  }

  /// Adds eight bytes, the lowest first.
  mutating func add(_ number: Int64) {
    withUnsafeBytes(of: number.littleEndian) { add($0) }
  }
}
