import CZlib

/// Writes archives, honest ones and others.
struct ZipWriter {
  struct Entry {
    var name: String
    var content: [UInt8] = []
    /// Of Unix; 0 says nothing.
    var mode = 0o100644
    var isDeflated = false
    var flags = 0
    /// What the archive claims, where that is not the truth.
    var claimedSize: Int?
    var claimedChecksum: UInt32?
    /// Where the directory says that the entry is, where that is not the truth.
    var claimedOffset: Int?
    var localName: String?

    init(_ name: String, _ content: String = "", mode: Int = 0o100644, isDeflated: Bool = false) {
      self.name = name
      self.content = Array(content.utf8)
      self.mode = mode
      self.isDeflated = isDeflated
    }
  }

  var entries: [Entry]
  var comment: [UInt8] = []
  var claimedCount: Int?

  init(_ entries: [Entry]) { self.entries = entries }

  var bytes: [UInt8] {
    var output: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      let packed = entry.isDeflated ? deflated(entry.content) : entry.content
      let sum = entry.claimedChecksum ?? UInt32(crc32(0, entry.content, UInt32(entry.content.count)))
      let size = entry.claimedSize ?? entry.content.count
      let offset = entry.claimedOffset ?? output.count
      let common =
        little(entry.flags, 2) + little(entry.isDeflated ? 8 : 0, 2) + little(0, 4) + little(Int(sum), 4)
        + little(packed.count, 4) + little(size, 4)
      let name = Array(entry.name.utf8)
      let localName = entry.localName.map { Array($0.utf8) } ?? name
      output += little(0x0403_4b50, 4) + little(20, 2) + common + little(localName.count, 2) + little(0, 2)
      output += localName + packed
      directory += little(0x0201_4b50, 4) + little(3 << 8 | 20, 2) + little(20, 2) + common
      directory += little(name.count, 2) + little(0, 8) + little(entry.mode << 16, 4) + little(offset, 4) + name
    }
    let count = claimedCount ?? entries.count
    let start = output.count
    output += directory + little(0x0605_4b50, 4) + little(0, 4) + little(count, 2) + little(count, 2)
    return output + little(directory.count, 4) + little(start, 4) + little(comment.count, 2) + comment
  }

  private func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private func deflated(_ content: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    guard
      deflateInit2_(
        &stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        == Z_OK
    else { return [] }
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(content.count))))
    let room = UInt32(output.count)
    var input = content
    input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = room
        _ = deflate(&stream, Z_FINISH)
      }
    }
    let count = Int(room - stream.avail_out)
    deflateEnd(&stream)
    return Array(output.prefix(count))
  }
}
