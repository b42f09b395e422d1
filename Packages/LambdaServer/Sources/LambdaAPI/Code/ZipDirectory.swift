/// The directory at the end of an archive.
struct ZipDirectory {
  private let archive: ZipBytes
  private let limits: ZipArchive.Limits
  private let count: Int
  /// Where it begins.
  let start: Int
  private let end: Int

  private static let endSize = 22
  private static let entrySize = 46

  init(_ archive: ZipBytes, limits: ZipArchive.Limits) throws(ZipError) {
    self.archive = archive
    self.limits = limits
    guard let end = Self.endRecord(in: archive) else {
      throw ZipError(.malformed, "the archive has no directory: it is no ZIP file, or cut off")
    }
    let count = archive.number16(end + 10)
    let size = archive.number32(end + 12)
    let start = archive.number32(end + 16)
    guard archive.number16(end + 4) == 0, archive.number16(end + 6) == 0, archive.number16(end + 8) == count,
      count != 0xFFFF, start != 0xFFFF_FFFF
    else { throw ZipError(.unsupported, "the archive has several parts, or 64-bit sizes") }
    guard count <= limits.entries else { throw ZipError(.tooLarge, "the archive has \(count) entries") }
    guard start <= end, size == end - start else {
      throw ZipError(.malformed, "the directory is not where the archive says")
    }
    self.count = count
    self.start = start
    self.end = end
  }

  /// The last place where an end record fits exactly, with its comment.
  private static func endRecord(in archive: ZipBytes) -> Int? {
    let last = archive.bytes.count - endSize
    guard last >= 0 else { return nil }
    return stride(from: last, through: max(0, last - 0xFFFF), by: -1).first {
      archive.bytes[$0] == 0x50 && archive.number32($0) == 0x0605_4b50 && archive.number16($0 + 20) == last - $0
    }
  }

  func entries() throws(ZipError) -> [ZipEntry] {
    var entries: [ZipEntry] = []
    var offset = start
    var total = 0
    for _ in 0..<count {
      guard offset <= end - Self.entrySize, archive.number32(offset) == 0x0201_4b50 else {
        throw ZipError(.malformed, "the directory is damaged")
      }
      let lengths = [28, 30, 32].map { archive.number16(offset + $0) }
      let next = offset + Self.entrySize + lengths.reduce(0, +)
      guard next <= end else { throw ZipError(.malformed, "the directory is cut off") }
      let name = archive.bytes[(offset + Self.entrySize)...].prefix(lengths[0])
      let entry = try entry(at: offset, name: name)
      total += entry.size
      guard total <= limits.bytes else {
        throw ZipError(.tooLarge, "Unzipped size must be smaller than \(limits.bytes) bytes")
      }
      // `./` stands for the folder itself.
      if !entry.path.isEmpty { entries.append(entry) }
      offset = next
    }
    guard offset == end else { throw ZipError(.malformed, "the directory is longer than its entries") }
    return entries
  }

  private func entry(at offset: Int, name: ArraySlice<UInt8>) throws(ZipError) -> ZipEntry {
    let path = try ZipEntry.parts(of: name)
    let flags = archive.number16(offset + 8)
    let method = archive.number16(offset + 10)
    let (packed, size) = (archive.number32(offset + 20), archive.number32(offset + 24))
    let place = archive.number32(offset + 42)
    let text = path.joined(separator: "/")
    guard flags & 0x2041 == 0, archive.number16(offset + 34) == 0, max(packed, size, place) != 0xFFFF_FFFF else {
      throw ZipError(.unsupported, "\(text) is encrypted, in another part or has 64-bit sizes")
    }
    guard method == 0 || method == 8 else { throw ZipError(.unsupported, "\(text) is packed in the way \(method)") }
    guard method == 8 || packed == size else { throw ZipError(.malformed, "\(text) has two sizes") }
    // What deflate can do at the very best.
    guard size <= packed * 1032 + 1032 else { throw ZipError(.malformed, "\(text) cannot have \(size) bytes") }
    let kind = try kind(at: offset, isFolder: name.last == UInt8(ascii: "/"), text)
    guard kind != .folder || size == 0 else { throw ZipError(.malformed, "\(text) is a folder with content") }
    guard !path.isEmpty || kind == .folder else { throw ZipError(.badPath, "an entry has no name") }
    return ZipEntry(
      path: path, kind: kind, isExecutable: mode(at: offset) & 0o111 != 0, isDeflated: method == 8,
      checksum: UInt32(truncatingIfNeeded: archive.number32(offset + 16)), offset: place, packedSize: packed,
      size: size, name: name)
  }

  /// The mode that Unix gave the file; 0 when another system made the entry.
  private func mode(at offset: Int) -> Int {
    let madeBy = archive.bytes[offset + 5]
    return madeBy == 3 || madeBy == 19 ? archive.number16(offset + 40) : 0
  }

  private func kind(at offset: Int, isFolder: Bool, _ text: String) throws(ZipError) -> ZipEntry.Kind {
    switch mode(at: offset) & 0o170000 {
    case 0: return isFolder ? .folder : .file
    case 0o040000 where isFolder: return .folder
    case 0o100000 where !isFolder: return .file
    case 0o120000 where !isFolder: return .link
    default: throw ZipError(.unsupported, "\(text) is neither a file nor a folder nor a link")
    }
  }
}
