import CZlib

/// The few calls of zlib that blobs need.
enum Zlib {
  /// The most bytes that a byte of a deflated stream stands for (zlib's own documentation).
  private static let mostPerByte = 1032

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

/// Deflates the parts of one blob, one after the other, in the same memory: zlib needs a quarter of a megabyte.
final class Deflater {
  private var stream = z_stream()

  init() {
    // At higher levels parts become a few percent smaller and take twice as long.
    let status = deflateInit_(&stream, 1, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "zlib has no memory")
  }

  deinit { deflateEnd(&stream) }

  func deflate(_ bytes: [UInt8]) -> [UInt8] {
    deflateReset(&stream)
    let most = Int(deflateBound(&stream, uLong(bytes.count)))
    return [UInt8](unsafeUninitializedCapacity: most) { buffer, initialized in
      bytes.withUnsafeBufferPointer { bytes in
        // zlib does not write to what it reads.
        stream.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
        stream.avail_in = uInt(bytes.count)
        stream.next_out = buffer.baseAddress
        stream.avail_out = uInt(most)
        let status = CZlib.deflate(&stream, Z_FINISH)
        precondition(status == Z_STREAM_END, "there is room for the whole stream")
        initialized = most - Int(stream.avail_out)
      }
    }
  }
}
