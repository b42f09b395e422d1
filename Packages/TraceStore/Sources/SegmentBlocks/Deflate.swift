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
  func deflate(
    _ parts: [UnsafeBufferPointer<UInt8>], knowing dictionary: UnsafeRawBufferPointer
  ) -> (bytes: [UInt8], sizes: [Int]) {
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
        stream.pointee.next_in = UnsafeMutablePointer(mutating: part.baseAddress)
        stream.pointee.avail_in = UInt32(part.count)
        let isLast = index == parts.count - 1
        let room = Int(stream.pointee.avail_out)
        _ = CZlib.deflate(stream, isLast ? Z_FINISH : part.isEmpty ? Z_NO_FLUSH : Z_BLOCK)
        sizes.append(room - Int(stream.pointee.avail_out))
      }
      count = buffer.count - Int(stream.pointee.avail_out)
    }
    return (bytes, sizes)
  }
}

extension Deflater {
  func deflate(_ parts: [[UInt8]], knowing dictionary: UnsafeRawBufferPointer) -> (bytes: [UInt8], sizes: [Int]) {
    let all = parts.flatMap(\.self)
    return all.withUnsafeBufferPointer { all in
      var start = 0
      let slices = parts.map { part in
        defer { start += part.count }
        return UnsafeBufferPointer(rebasing: all[start..<start + part.count])
      }
      return deflate(slices, knowing: dictionary)
    }
  }
}

/// Reads what a ``Deflater`` wrote; one state serves many streams.
struct Inflater: ~Copyable {
  // zlib's state points back at the stream: its address must stay the same.
  private let stream: UnsafeMutablePointer<z_stream>

  init() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let status = inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "zlib has no memory")
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Whether a stream stands for `count` bytes, which then begin at `target`; it has room for one more.
  mutating func inflate(
    _ bytes: UnsafeRawBufferPointer, to target: UnsafeMutablePointer<UInt8>, count: Int,
    knowing dictionary: UnsafeRawBufferPointer
  ) -> Bool {
    inflateReset(stream)
    if let base = dictionary.baseAddress, dictionary.count > 0 {
      inflateSetDictionary(stream, base.assumingMemoryBound(to: UInt8.self), UInt32(dictionary.count))
    }
    stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = UInt32(bytes.count)
    stream.pointee.next_out = target
    // One byte more, so that a longer stream shows.
    stream.pointee.avail_out = UInt32(count + 1)
    let status = CZlib.inflate(stream, Z_FINISH)
    return status == Z_STREAM_END && stream.pointee.avail_out == 1 && stream.pointee.avail_in == 0
  }

  /// How many bytes of a stream it takes to inflate the first `count` bytes of what it stands for.
  mutating func taken(
    _ bytes: UnsafeRawBufferPointer, for count: Int, knowing dictionary: UnsafeRawBufferPointer
  ) -> Int {
    guard count > 0 else { return 0 }
    var taken = 0
    _ = [UInt8](unsafeUninitializedCapacity: count + 1) { buffer, _ in
      guard let base = buffer.baseAddress else { return }
      // With no room for the last byte it stops before the next part, whose codes it would read at once.
      _ = inflate(bytes, to: base, count: count - 2, knowing: dictionary)
      taken = bytes.count - Int(stream.pointee.avail_in)
    }
    return taken
  }
}

/// The `count` bytes that a raw deflate stream stands for, and so many zeros behind them; `nil` when it stands for
/// something else.
func inflate(
  _ bytes: UnsafeRawBufferPointer, count: Int, knowing dictionary: UnsafeRawBufferPointer, slack: Int = 0
) -> [UInt8]? {
  var inflater = Inflater()
  var isWhole = false
  let result = [UInt8](unsafeUninitializedCapacity: count + max(slack, 1)) { buffer, initialized in
    guard let base = buffer.baseAddress else { return }
    isWhole = inflater.inflate(bytes, to: base, count: count, knowing: dictionary)
    guard isWhole else { return }
    (base + count).update(repeating: 0, count: max(slack, 1))
    initialized = count + slack
  }
  return isWhole ? result : nil
}

/// The CRC-32 that gzip and PNG use.
func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
  guard let base = bytes.baseAddress else { return 0 }
  return UInt32(truncatingIfNeeded: crc32_z(0, base.assumingMemoryBound(to: UInt8.self), bytes.count))
}
