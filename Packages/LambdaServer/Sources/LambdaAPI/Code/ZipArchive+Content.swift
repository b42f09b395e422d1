import CZlib

extension ZipArchive {
  /// Gives the content of `entry` to `take` in pieces of at most 64 KB, and checks size and checksum.
  func read(
    _ entry: ZipEntry, _ take: (UnsafeRawBufferPointer) throws(ZipError) -> Void
  ) throws(ZipError) {
    var sum: UInt = crc32(0, nil, 0)
    var count = 0
    func pass(_ piece: UnsafeRawBufferPointer) throws(ZipError) {
      count += piece.count
      guard count <= entry.size else { throw ZipError(.corrupt, "\(entry.pathText) is longer than it says") }
      if piece.isEmpty { return }
      sum = crc32(sum, piece.bindMemory(to: UInt8.self).baseAddress, UInt32(clamping: piece.count))
      try take(piece)
    }
    let range = content(of: entry)
    let result = bytes.withUnsafeBytes { all -> Result<Void, ZipError> in
      let input = UnsafeRawBufferPointer(rebasing: all[range])
      return Result { () throws(ZipError) in
        if entry.isDeflated {
          try Inflation.run(input, name: entry.pathText, pass)
        } else {
          var rest = input[...]
          while !rest.isEmpty {
            try pass(UnsafeRawBufferPointer(rebasing: rest.prefix(Inflation.pieceBytes)))
            rest = rest.dropFirst(Inflation.pieceBytes)
          }
        }
      }
    }
    try result.get()
    guard count == entry.size, UInt32(truncatingIfNeeded: sum) == entry.checksum else {
      throw ZipError(.corrupt, "\(entry.pathText) does not fit its size or its checksum")
    }
  }
}

/// Unpacks what deflate packed, piece by piece.
private enum Inflation {
  static let pieceBytes = 64 << 10

  static func run(
    _ input: UnsafeRawBufferPointer, name: String, _ take: (UnsafeRawBufferPointer) throws(ZipError) -> Void
  ) throws(ZipError) {
    // zlib keeps the address of its stream, so the stream must not move.
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    // Negative: without any header around the data.
    guard inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw ZipError(.cannotWrite, "there is no memory for \(name)")
    }
    defer { inflateEnd(stream) }
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceBytes, alignment: 16)
    defer { room.deallocate() }
    // zlib does not write there, its interface just does not say so.
    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
    stream.pointee.avail_in = UInt32(clamping: input.count)
    while true {
      stream.pointee.next_out = room.bindMemory(to: UInt8.self).baseAddress
      stream.pointee.avail_out = UInt32(room.count)
      let code = inflate(stream, Z_NO_FLUSH)
      try take(UnsafeRawBufferPointer(rebasing: room[..<(room.count - Int(stream.pointee.avail_out))]))
      switch code {
      case Z_OK: break
      case Z_STREAM_END where stream.pointee.avail_in == 0: return
      default: throw ZipError(.corrupt, "\(name) cannot be unpacked")
      }
    }
  }
}
