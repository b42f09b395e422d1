#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A small file that is replaced whole: after a crash or a power cut it has its old content or its new.
public struct DurableFile: Sendable {
  /// Far more than settings can have; what is larger is none of ours.
  static let sizeLimit = 64 << 20

  /// With a folder before it.
  public let path: String
  private let folder: String

  /// - Parameter path: With a folder before it.
  public init(path: String) {
    self.path = path
    folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  }

  /// Makes the folder, and those that it lies in.
  public func makeFolder() throws(SettingsError) {
    guard Self.makeFolder(folder) else { throw SettingsError(.cannotWrite, path, Self.systemMessage()) }
  }

  private static func makeFolder(_ path: String) -> Bool {
    if path.isEmpty || mkdir(path, 0o755) == 0 || errno == EEXIST { return true }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return false }
    return makeFolder(String(path[..<slash])) && (mkdir(path, 0o755) == 0 || errno == EEXIST)
  }

  /// The content; `nil` when there is no file.
  public func read() throws(SettingsError) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw SettingsError(.cannotRead, path, Self.systemMessage())
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw SettingsError(.cannotRead, path, Self.systemMessage()) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw SettingsError(.cannotRead, path, "it is not a file") }
    let size = Int(status.st_size)
    guard size <= Self.sizeLimit else { throw SettingsError(.damaged, path, "the file has \(size) bytes") }
    guard let bytes = contents(of: descriptor, size) else {
      throw SettingsError(.cannotRead, path, Self.systemMessage())
    }
    return bytes
  }

  /// Puts new content in place of the old: a new file beside it, on disk, under the old one's name, on disk.
  public func replace(with bytes: [UInt8]) throws(SettingsError) {
    let part = path + ".part"
    let descriptor = open(part, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw SettingsError(.cannotWrite, path, Self.systemMessage()) }
    let isWritten = Self.put(bytes, into: descriptor) && fsync(descriptor) == 0
    let detail = Self.systemMessage()
    close(descriptor)
    guard isWritten else {
      unlink(part)
      throw SettingsError(.cannotWrite, path, detail)
    }
    guard rename(part, path) == 0, Self.sync(folder: folder) else {
      let error = SettingsError(.cannotWrite, path, Self.systemMessage())
      unlink(part)
      throw error
    }
  }

  private static func put(_ bytes: [UInt8], into descriptor: Int32) -> Bool {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      written += count
    }
    return true
  }

  private static func sync(folder: String) -> Bool {
    let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    // Some file systems cannot sync a folder; they have nothing to sync then.
    return fsync(descriptor) == 0 || errno == EINVAL
  }

  private static func systemMessage() -> String { String(cString: strerror(errno)) }
}

/// At most so many bytes; `nil` when reading fails.
private func contents(of descriptor: Int32, _ size: Int) -> [UInt8]? {
  var bytes = [UInt8](repeating: 0, count: size)
  var count = 0
  while count < size {
    let part = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress.map { $0 + count }, size - count) }
    if part < 0, errno == EINTR { continue }
    guard part >= 0 else { return nil }
    guard part > 0 else { break }
    count += part
  }
  return Array(bytes[..<count])
}
