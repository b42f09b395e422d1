/// An archive of code in memory, its directory read and checked. Nothing is unpacked before all of it fits.
///
/// The directory at the end counts; each entry's own header must agree on the name.
struct ZipArchive {
  struct Limits {
    /// Lambda: an archive that is sent has at most 50 MB.
    var packedBytes = 52_428_800
    /// Lambda: code has at most 250 MB.
    var bytes = 262_144_000
    /// What an archive without 64-bit fields can have.
    var entries = 65_534
  }

  let bytes: [UInt8]
  /// In the order of the directory.
  let entries: [ZipEntry]
  /// All folders, those too that only paths tell of.
  let folders: Set<[String]>

  /// Of all entries together.
  var size: Int { entries.reduce(0) { $0 + $1.size } }

  init(_ bytes: [UInt8], limits: Limits = Limits()) throws(ZipError) {
    guard bytes.count <= limits.packedBytes else {
      throw ZipError(.tooLarge, "the archive has \(bytes.count) bytes, more than \(limits.packedBytes)")
    }
    self.bytes = bytes
    let directory = try ZipDirectory(ZipBytes(bytes: bytes), limits: limits)
    entries = try directory.entries()
    guard !entries.isEmpty else { throw ZipError(.empty, "the archive is empty") }
    try Self.checkPlaces(entries, in: bytes, before: directory.start)
    folders = try Self.checkTree(entries, limit: limits.entries)
  }

  /// Where the packed content of `entry` lies.
  func content(of entry: ZipEntry) -> Range<Int> {
    let start = Self.contentStart(of: entry, in: ZipBytes(bytes: bytes))
    return start..<(start + entry.packedSize)
  }

  private static let headerSize = 30

  private static func contentStart(of entry: ZipEntry, in archive: ZipBytes) -> Int {
    entry.offset + headerSize + archive.number16(entry.offset + 26) + archive.number16(entry.offset + 28)
  }

  /// Each entry lies within the archive and shares no byte with another: that is how small archives become huge.
  private static func checkPlaces(_ entries: [ZipEntry], in bytes: [UInt8], before end: Int) throws(ZipError) {
    let archive = ZipBytes(bytes: bytes)
    var last = 0
    for entry in entries.sorted(by: { $0.offset < $1.offset }) {
      guard entry.offset >= last else { throw ZipError(.malformed, "entries overlap at \(entry.pathText)") }
      guard entry.offset <= end - headerSize, archive.number32(entry.offset) == 0x0403_4b50 else {
        throw ZipError(.malformed, "\(entry.pathText) has no header")
      }
      let start = contentStart(of: entry, in: archive)
      let (contentEnd, isTooFar) = start.addingReportingOverflow(entry.packedSize)
      guard !isTooFar, contentEnd <= end else { throw ZipError(.malformed, "\(entry.pathText) is cut off") }
      let name = bytes[(entry.offset + headerSize)..<start].prefix(entry.name.count)
      guard archive.number16(entry.offset + 26) == entry.name.count, name.elementsEqual(entry.name) else {
        throw ZipError(.malformed, "\(entry.pathText) has another name in its header")
      }
      last = contentEnd
    }
  }

  /// No path twice, and nothing below what is not a folder; so links lead nowhere while files are written. Gives all
  /// folders.
  private static func checkTree(_ entries: [ZipEntry], limit: Int) throws(ZipError) -> Set<[String]> {
    var leaves: Set<[String]> = []
    var folders: Set<[String]> = []
    for entry in entries {
      let isNew = entry.kind == .folder || leaves.insert(entry.path).inserted
      guard isNew else { throw ZipError(.badPath, "\(entry.pathText) is there twice") }
      var folder = entry.kind == .folder ? entry.path : Array(entry.path.dropLast())
      // A folder that is known has all of its own.
      while !folder.isEmpty, folders.insert(folder).inserted { folder.removeLast() }
      guard folders.count <= limit else { throw ZipError(.tooLarge, "the archive has too many folders") }
    }
    if let path = leaves.first(where: { folders.contains($0) }) {
      throw ZipError(.badPath, "\(path.joined(separator: "/")) is a file and a folder")
    }
    return folders
  }
}
