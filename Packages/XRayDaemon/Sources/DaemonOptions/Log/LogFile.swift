#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where lines go: the standard output, or a file that is moved aside when it is full.
///
/// Lines go to the standard error as long as the file cannot be opened. A line that cannot be written, for want of
/// disk for instance, is lost; the next one that can says how many were.
struct LogFile: ~Copyable {
  private let path: String?
  /// Bytes from which on the file becomes the old one; `nil` lets it grow.
  private let maximumBytes: Int?
  private var descriptor: Int32
  private var bytes = 0
  private var lost = 0
  /// Whether the last line was cut short.
  private var isMidLine = false

  /// - Parameter path: `nil` is the standard output. Folders that are missing are made.
  init(path: String?, maximumBytes: Int?) {
    self.path = path
    self.maximumBytes = maximumBytes
    descriptor = path == nil ? STDOUT_FILENO : -1
    reopen()
  }

  deinit { if descriptor > STDERR_FILENO { close(descriptor) } }

  /// Whether lines go where they should.
  var isOpen: Bool { descriptor >= 0 }

  /// Opens the path again, for when somebody has moved the file away. Where that fails the old file goes on.
  mutating func reopen() {
    guard let path else { return }
    let opened = Self.openAppending(path)
    guard opened >= 0 else { return }
    if descriptor >= 0 { close(descriptor) }
    descriptor = opened
    bytes = max(0, Int(lseek(opened, 0, SEEK_END)))
    isMidLine = false
  }

  /// Writes one line, which ends with its line break.
  mutating func append(_ line: String) {
    var text = isMidLine ? "\n" : ""
    if lost > 0 { text += "(\(lost) lines lost before this one)\n" }
    text += line
    if let maximumBytes, path != nil, bytes > 0, bytes + text.utf8.count > maximumBytes { rotate() }
    if descriptor < 0 { reopen() }
    let written = Self.put(text, to: descriptor < 0 ? STDERR_FILENO : descriptor)
    bytes += written
    if written == text.utf8.count {
      (lost, isMidLine) = (0, false)
    } else {
      lost += 1
      if written > 0 { isMidLine = true }
    }
  }

  private mutating func rotate() {
    guard let path else { return }
    // Should something fail, the next try is when as much again has been written, not with every line.
    bytes = 0
    if rename(path, "\(path).1") == 0 { reopen() }
  }

  private static func openAppending(_ path: String) -> Int32 {
    let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC
    var descriptor = open(path, flags, 0o644)
    if descriptor < 0, errno == ENOENT {
      for slash in path.indices.dropFirst() where path[slash] == "/" { mkdir(String(path[..<slash]), 0o755) }
      descriptor = open(path, flags, 0o644)
    }
    return descriptor
  }

  /// How many bytes could be written.
  static func put(_ text: String, to descriptor: Int32) -> Int {
    var text = text
    return text.withUTF8 { buffer in
      var written = 0
      while written < buffer.count, let start = buffer.baseAddress {
        let count = write(descriptor, start + written, buffer.count - written)
        if count > 0 { written += count } else if count == 0 || errno != EINTR { break }
      }
      return written
    }
  }
}
