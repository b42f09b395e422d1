import Synchronization
import XRayModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Batches that could not be delivered, on disk until they can: one file a batch, at most so many bytes together.
///
/// A file appears whole or not at all, and is removed when its documents were delivered. Being killed between the two
/// means that they are delivered twice, which X-Ray takes for once.
final class Spool: Sendable {
  let directory: String
  private let limit: Int
  private let state: Mutex<State>
  private let lock: Int32

  private struct State {
    /// Oldest first.
    var files: [File] = []
    var bytes = 0
    var next = 1
  }

  private struct File {
    var number: Int
    var bytes: Int
    var documents: Int
  }

  /// Opens the folder and counts what an earlier process left in it.
  init(_ configuration: SpoolConfiguration) throws(SpoolError) {
    directory = configuration.directory
    limit = configuration.limit
    guard Self.makeFolders(directory) else { throw SpoolError(.cannotOpen, directory) }
    lock = open("\(directory)/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard lock >= 0 else { throw SpoolError(.cannotOpen, directory) }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      let isTaken = errno == EWOULDBLOCK
      close(lock)
      throw SpoolError(isTaken ? .inUse : .cannotOpen, directory)
    }
    state = Mutex(State())
    let files = try found()
    state.withLock { state in
      state.files = files
      state.bytes = files.reduce(0) { $0 + $1.bytes }
      state.next = (files.last?.number ?? 0) + 1
    }
  }

  deinit { close(lock) }

  /// Also those that the folder lies in.
  private static func makeFolders(_ path: String) -> Bool {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return true }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return false }
    return makeFolders(String(path[..<slash])) && (mkdir(path, 0o700) == 0 || errno == EEXIST)
  }

  var documents: Int { state.withLock { $0.files.reduce(0) { $0 + $1.documents } } }
  var bytes: Int { state.withLock { $0.bytes } }

  /// Writes a batch; throws, with nothing written, when the bound or the disk does not let it.
  func append(_ batch: DocumentBatch) throws(SpoolError) {
    let size = SpooledBatch.size(of: batch)
    let number: Int? = state.withLock { state in
      guard state.bytes + size <= limit else { return nil }
      state.bytes += size
      defer { state.next += 1 }
      return state.next
    }
    guard let number else { throw SpoolError(.full, directory) }
    do throws(SpoolError) {
      try write(SpooledBatch.encode(batch), to: name(number))
    } catch {
      state.withLock { $0.bytes -= size }
      throw error
    }
    state.withLock { $0.files.append(File(number: number, bytes: size, documents: batch.count)) }
  }

  /// Reads the oldest batch; it stays until ``remove(_:)``.
  func oldest() -> SpooledBatch? {
    guard let file = state.withLock({ $0.files.first }) else { return nil }
    let bytes = (try? contents(of: name(file.number))) ?? []
    return SpooledBatch(number: file.number, expected: file.documents, decoding: bytes)
  }

  func remove(_ batch: SpooledBatch) {
    unlink(name(batch.number))
    state.withLock { state in
      guard let place = state.files.firstIndex(where: { $0.number == batch.number }) else { return }
      state.bytes -= state.files.remove(at: place).bytes
    }
  }

  // MARK: Files

  private func name(_ number: Int) -> String {
    let digits = String(number)
    return "\(directory)/\(String(repeating: "0", count: max(0, 12 - digits.utf8.count)))\(digits).batch"
  }

  private func found() throws(SpoolError) -> [File] {
    guard let folder = opendir(directory) else { throw SpoolError(.cannotOpen, directory) }
    defer { closedir(folder) }
    var files: [File] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name.hasSuffix(".batch.part") { unlink("\(directory)/\(name)") }
      // What this class would not have written, a pipe or another's file, is left alone.
      guard name.hasSuffix(".batch"), name.utf8.count < 24, let number = Int(name.dropLast(6)),
        self.name(number) == "\(directory)/\(name)"
      else { continue }
      var status = stat()
      guard stat(self.name(number), &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      let head = (try? contents(of: self.name(number), limit: SpooledBatch.headSize)) ?? []
      files.append(
        File(number: number, bytes: Int(status.st_size), documents: SpooledBatch.documents(announcedBy: head)))
    }
    return files.sorted { $0.number < $1.number }
  }

  private func write(_ bytes: [UInt8], to name: String) throws(SpoolError) {
    let part = name + ".part"
    let file = open(part, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw SpoolError(.cannotWrite, directory) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress! + written, $0.count - written) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      written += count
    }
    let code = errno
    close(file)
    guard written == bytes.count, rename(part, name) == 0 else {
      let error = SpoolError(.cannotWrite, directory, errno: written == bytes.count ? errno : code)
      unlink(part)
      throw error
    }
  }

  private func contents(of name: String, limit: Int = .max) throws(SpoolError) -> [UInt8] {
    let file = open(name, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw SpoolError(.cannotOpen, directory) }
    defer { close(file) }
    var status = stat()
    fstat(file, &status)
    let size = min(Int(status.st_size), limit, SpooledBatch.largest)
    return [UInt8](unsafeUninitializedCapacity: size) { memory, count in
      while count < size {
        let part = read(file, memory.baseAddress! + count, size - count)
        if part < 0, errno == EINTR { continue }
        guard part > 0 else { break }
        count += part
      }
    }
  }
}

/// Where batches wait that cannot be delivered.
public struct SpoolConfiguration: Hashable, Sendable {
  public var directory: String
  /// Bytes that all files may have together.
  public var limit: Int

  public init(directory: String, limit: Int = 256 << 20) {
    self.directory = directory
    self.limit = limit
  }
}

/// Why the spool cannot be used.
public struct SpoolError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: String, Hashable, Sendable {
    case cannotOpen = "cannot be opened"
    case inUse = "is in use by another daemon"
    case cannotWrite = "cannot be written to"
    case full = "is full"
  }

  public var reason: Reason
  public var directory: String
  /// The system's own words.
  public var detail: String?

  init(_ reason: Reason, _ directory: String, errno code: Int32? = nil) {
    self.reason = reason
    self.directory = directory
    let hasDetail = reason == .cannotOpen || reason == .cannotWrite
    detail = hasDetail ? String(cString: strerror(code ?? errno)) : nil
  }

  public var description: String { "spool \(directory) \(reason.rawValue)" + (detail.map { ": \($0)" } ?? "") }
}
