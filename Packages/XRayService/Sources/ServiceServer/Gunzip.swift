import CZlib
import NIOCore

/// Inflates gzip that lies in memory, piece by piece.
enum Gunzip {
  enum Failure: Error {
    case malformed
    /// Said by those who take the pieces.
    case tooLarge, noMemory
  }

  private static let pieceBytes = 64 << 10

  /// Gives what comes of all members of `body` to `take`, in pieces of at most 64 KB, until that throws.
  static func inflate(
    _ body: ByteBuffer, _ take: (UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    // zlib keeps the address of its stream, so the stream must not move.
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    // 15 bits of window, and 16 for the gzip format.
    guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw .noMemory
    }
    defer { inflateEnd(stream) }
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceBytes, alignment: 16)
    defer { room.deallocate() }
    let result: Result<Void, Failure> = body.withUnsafeReadableBytes { input in
      // zlib does not write there, its interface just does not say so.
      stream.pointee.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
      stream.pointee.avail_in = UInt32(clamping: input.count)
      return Result { () throws(Failure) in try inflate(stream, into: room, take) }
    }
    try result.get()
  }

  private static func inflate(
    _ stream: UnsafeMutablePointer<z_stream>, into room: UnsafeMutableRawBufferPointer,
    _ take: (UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    while true {
      stream.pointee.next_out = room.bindMemory(to: UInt8.self).baseAddress
      stream.pointee.avail_out = UInt32(room.count)
      let code = CZlib.inflate(stream, Z_NO_FLUSH)
      try take(UnsafeRawBufferPointer(rebasing: room[..<(room.count - Int(stream.pointee.avail_out))]))
      switch code {
      case Z_OK: break
      case Z_STREAM_END:
        if stream.pointee.avail_in == 0 { return }
        inflateReset(stream)
      // The input ended before its time, too.
      default: throw .malformed
      }
    }
  }
}
