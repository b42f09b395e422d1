import CZlib

/// The few calls of zlib that blobs need.
enum Zlib {
  /// The most bytes that a byte of a deflated stream stands for (zlib's own documentation).
  private static let mostPerByte = 1032

  static func deflate(_ bytes: [UInt8]) -> [UInt8] {
    var count = compressBound(uLong(bytes.count))
    return [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, initialized in
      let status = compress2(buffer.baseAddress, &count, bytes, uLong(bytes.count), 5)
      precondition(status == Z_OK, "zlib has no memory")
      initialized = Int(count)
    }
  }

  /// The `count` bytes that a stream stands for; `nil` when it stands for something else.
  static func inflate(_ stream: ArraySlice<UInt8>, count: Int) -> [UInt8]? {
    guard count <= (stream.count + 1) * mostPerByte else { return nil }
    var isWhole = false
    let bytes = [UInt8](unsafeUninitializedCapacity: max(count, 1)) { buffer, initialized in
      var length = uLong(count)
      let status = stream.withUnsafeBufferPointer {
        uncompress(buffer.baseAddress, &length, $0.baseAddress, uLong($0.count))
      }
      isWhole = status == Z_OK && Int(length) == count
      initialized = isWhole ? count : 0
    }
    return isWhole ? bytes : nil
  }

  /// The CRC-32 that gzip and PNG use.
  static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.withUnsafeBufferPointer { UInt32(truncatingIfNeeded: crc32_z(0, $0.baseAddress, $0.count)) }
  }
}
