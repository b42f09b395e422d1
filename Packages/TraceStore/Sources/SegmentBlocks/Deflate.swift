import CZlib

/// Raw deflate streams (RFC 1951) that know some text beforehand; one state serves all chunks of a block.
struct Deflater: ~Copyable {
  // zlib's state points back at the stream: its address must stay the same.
  private let stream: UnsafeMutablePointer<z_stream>

  /// Level 6 is the best trade of space for time on segment documents.
  init(level: Int32 = 6) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let status = deflateInit2_(
      stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "zlib has no memory")
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  /// Each of `parts` with Huffman codes of its own, one after the other, and how many bytes each took.
  func deflate(_ parts: [[UInt8]], knowing dictionary: UnsafeRawBufferPointer) -> (bytes: [UInt8], sizes: [Int]) {
    var sizes: [Int] = []
    deflateReset(stream)
    if let base = dictionary.baseAddress, dictionary.count > 0 {
      deflateSetDictionary(stream, base.assumingMemoryBound(to: UInt8.self), UInt32(dictionary.count))
    }
    let bound = parts.reduce(64) { $0 + Int(deflateBound(stream, uLong($1.count))) }
    let bytes = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
      stream.pointee.next_out = buffer.baseAddress
      stream.pointee.avail_out = UInt32(buffer.count)
      for (index, part) in parts.enumerated() {
        part.withUnsafeBufferPointer { input in
          stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
          stream.pointee.avail_in = UInt32(input.count)
          let isLast = index == parts.count - 1
          let room = Int(stream.pointee.avail_out)
          _ = CZlib.deflate(stream, isLast ? Z_FINISH : input.isEmpty ? Z_NO_FLUSH : Z_BLOCK)
          sizes.append(room - Int(stream.pointee.avail_out))
        }
      }
      count = buffer.count - Int(stream.pointee.avail_out)
    }
    return (bytes, sizes)
  }
}

/// The `count` bytes that a raw deflate stream stands for; `nil` when it stands for something else.
func inflate(
  _ bytes: UnsafeRawBufferPointer, count: Int, knowing dictionary: UnsafeRawBufferPointer
) -> [UInt8]? {
  var stream = z_stream()
  guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return nil }
  defer { inflateEnd(&stream) }
  if let base = dictionary.baseAddress, dictionary.count > 0 {
    inflateSetDictionary(&stream, base.assumingMemoryBound(to: UInt8.self), UInt32(dictionary.count))
  }
  var isWhole = false
  // One byte more, so that a longer stream shows.
  let result = [UInt8](unsafeUninitializedCapacity: count + 1) { buffer, initialized in
    stream.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.avail_in = UInt32(bytes.count)
    stream.next_out = buffer.baseAddress
    stream.avail_out = UInt32(count + 1)
    let status = CZlib.inflate(&stream, Z_FINISH)
    isWhole = status == Z_STREAM_END && stream.avail_out == 1 && stream.avail_in == 0
    initialized = isWhole ? count : 0
  }
  return isWhole ? result : nil
}

/// The CRC-32 that gzip and PNG use.
func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
  guard let base = bytes.baseAddress else { return 0 }
  return UInt32(truncatingIfNeeded: crc32_z(0, base.assumingMemoryBound(to: UInt8.self), bytes.count))
}
