import Glibc

/// The file of events cannot be read or written.
public struct EventJournalError: Error, Hashable, CustomStringConvertible {
  public var path: String
  /// What the system says.
  public var detail: String
  public var description: String { "\(path): \(detail)" }
}

/// A file that grows at its end, and that another one takes the place of.
struct AppendedFile {
  private(set) var path: String
  private(set) var descriptor: CInt
  private(set) var bytes = 0

  /// Opens a file, or makes it.
  init(path: String) throws(EventJournalError) {
    try self.init(path: path, flags: O_CREAT)
    do throws(EventJournalError) {
      try syncFolder()
      var status = stat()
      try check(fstat(descriptor, &status) == 0)
      guard status.st_mode & S_IFMT == S_IFREG else { throw EventJournalError(path: path, detail: "it is not a file") }
      bytes = Int(status.st_size)
    } catch {
      close()
      throw error
    }
  }

  /// A new file, empty.
  init(new path: String) throws(EventJournalError) { try self.init(path: path, flags: O_CREAT | O_TRUNC) }

  private init(path: String, flags: CInt) throws(EventJournalError) {
    self.path = path
    descriptor = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NONBLOCK | flags, 0o600)
    try check(descriptor >= 0)
  }

  func close() { Glibc.close(descriptor) }

  func contents(atMost limit: Int) throws(EventJournalError) -> [UInt8] {
    guard bytes <= limit else { throw EventJournalError(path: path, detail: "the file has \(bytes) bytes") }
    guard let contents = read(0..<bytes) else { throw EventJournalError(path: path, detail: Self.systemMessage()) }
    return contents
  }

  /// `nil` when they cannot be read.
  func read(_ range: Range<Int>) -> [UInt8]? {
    var part = [UInt8](repeating: 0, count: range.count)
    var count = 0
    while count < part.count {
      let more = part.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress.map { $0 + count }, range.count - count, off_t(range.lowerBound + count))
      }
      if more < 0, errno == EINTR { continue }
      guard more > 0 else { return nil }
      count += more
    }
    return part
  }

  /// Adds `part` whole, or nothing. Returns where it lies; `nil` when there is no room for it.
  mutating func append(_ part: [UInt8]) -> Range<Int>? {
    var written = 0
    while written < part.count {
      let count = part.withUnsafeBytes { write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        // Half a record would be damage to those that come after it.
        ftruncate(descriptor, off_t(bytes))
        return nil
      }
      written += count
    }
    defer { bytes += part.count }
    return bytes..<bytes + part.count
  }

  /// Puts this file, with what is in it on disk, in the place of the one at `path`.
  mutating func takePlace(at path: String) throws(EventJournalError) {
    try check(fdatasync(descriptor) == 0 && rename(self.path, path) == 0)
    self.path = path
    try syncFolder()
  }

  private func syncFolder() throws(EventJournalError) {
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let opened = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    try check(opened >= 0)
    defer { Glibc.close(opened) }
    // Some file systems cannot sync a folder; they have nothing to sync then.
    try check(fsync(opened) == 0 || errno == EINVAL)
  }

  private func check(_ isFine: Bool) throws(EventJournalError) {
    guard isFine else { throw EventJournalError(path: path, detail: Self.systemMessage()) }
  }

  private static func systemMessage() -> String { String(cString: strerror(errno)) }
}
