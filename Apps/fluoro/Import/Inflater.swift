import CZlib

/// Inflates a gzip file piece by piece, however many members it has. Owns its zlib stream.
struct Inflater: ~Copyable {
  // zlib keeps the address of its stream, so the stream must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  /// Whether the input could end here.
  private(set) var isBetweenMembers = true

  /// - Throws: ``Damage`` when memory is short.
  init() throws(Damage) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15 bits of window, and 16 for the gzip format.
    let code = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard code == Z_OK else { throw Damage(code: code) }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  struct Damage: Error {
    var code: Int32
  }

  /// Inflates all of `input`, and gives what comes of it to `take` in pieces of at most 256 KB.
  mutating func inflate(
    _ input: UnsafeMutableRawBufferPointer, _ take: (UnsafeRawBufferPointer) -> Void
  ) throws(Damage) {
    stream.pointee.next_in = input.bindMemory(to: UInt8.self).baseAddress
    stream.pointee.avail_in = UInt32(input.count)
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    defer { room.deallocate() }
    while true {
      stream.pointee.next_out = room.bindMemory(to: UInt8.self).baseAddress
      stream.pointee.avail_out = UInt32(room.count)
      if stream.pointee.avail_in > 0 { isBetweenMembers = false }
      let code = CZlib.inflate(stream, Z_NO_FLUSH)
      let count = room.count - Int(stream.pointee.avail_out)
      take(UnsafeRawBufferPointer(rebasing: room[..<count]))
      switch code {
      case Z_STREAM_END:
        isBetweenMembers = true
        inflateReset(stream)
        if stream.pointee.avail_in == 0 { return }
      case Z_OK, Z_BUF_ERROR:
        // Room that was left over means that the input is used up.
        if stream.pointee.avail_out > 0 { return }
      default: throw Damage(code: code)
      }
    }
  }
}
