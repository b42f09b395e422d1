import Crypto
import Synchronization
import XRayModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The code of functions on disk: `NAME/HASH.zip` as it was sent, and `NAME/HASH` unpacked.
///
/// Code that no version needs any more stays for a while: invocations that run may still load from it.
final class CodeStore: Sendable {
  /// Lambda: an invocation lasts at most 15 minutes; one more for those that began late.
  static let retirement = Duration.seconds(960)

  private struct Place: Hashable {
    var function: String
    var hash: String
  }

  let folder: String
  private let clock: any WallClock
  private let random: RandomSource
  /// What is no longer needed, and since when.
  private let retired = Mutex<[Place: Timestamp]>([:])

  /// - Parameter folder: Made when it is needed.
  init(folder: String, clock: any WallClock, random: RandomSource) {
    self.folder = folder
    self.clock = clock
    self.random = random
  }

  func folder(of code: StoredCode, function: String) -> String { "\(folder)/\(function)/\(code.hash)" }

  /// Keeps and unpacks an archive. Whoever does not use it in the end has to ``retire(_:function:)`` it.
  func add(_ zip: [UInt8], function: String) throws(ZipError) -> StoredCode {
    let code = StoredCode(zip)
    let archive = try ZipArchive(zip)
    keep(code, function: function)
    try makeFolder("\(folder)/\(function)")
    let place = folder(of: code, function: function)
    try put(zip, at: place + ".zip")
    try unpack(archive, to: place)
    return code
  }

  /// The archive as it was sent; `nil` when it is gone.
  func archive(_ code: StoredCode, function: String) -> [UInt8]? {
    contents(of: folder(of: code, function: function) + ".zip", atMost: ZipArchive.Limits().packedBytes)
  }

  /// Makes sure that code is there after a start: unpacks it anew when its folder is missing.
  func restore(_ code: StoredCode, function: String) throws(ZipError) {
    let place = folder(of: code, function: function)
    if access(place, F_OK) == 0 { return }
    guard let zip = archive(code, function: function), StoredCode(zip) == code else {
      throw ZipError(.cannotWrite, "the code of \(function) is gone from \(place)")
    }
    try unpack(ZipArchive(zip), to: place)
  }

  private func unpack(_ archive: ZipArchive, to place: String) throws(ZipError) {
    if access(place, F_OK) == 0 { return }
    let part = "\(place).\(random.entityID()).part"
    try check(mkdir(part, 0o755), part)
    do throws(ZipError) {
      try FolderWriter(folder: part).write(archive)
      // Another call may have been faster with the same code.
      guard rename(part, place) == 0 || errno == EEXIST || errno == ENOTEMPTY else {
        throw ZipError(.cannotWrite, "\(place): \(systemMessage())")
      }
    } catch {
      removeTree(part)
      throw error
    }
    if access(part, F_OK) == 0 { removeTree(part) }
  }

  /// Notes that no version needs `code` any more.
  func retire(_ code: StoredCode, function: String) {
    let now = clock.now
    retired.withLock { $0[Place(function: function, hash: code.hash)] = now }
  }

  /// Notes that `code` is needed, or will be.
  func keep(_ code: StoredCode, function: String) {
    retired.withLock { $0[Place(function: function, hash: code.hash)] = nil }
  }

  /// Removes what has not been needed for long enough.
  func sweep() {
    let oldest = clock.now.advanced(by: .zero - Self.retirement)
    retired.withLock { retired in
      for (place, moment) in retired where moment <= oldest {
        retired[place] = nil
        remove(place.hash, of: place.function)
      }
    }
  }

  /// Removes everything but what `needed` has, by function. Only before anything runs.
  func removeAll(but needed: [String: Set<String>]) {
    for function in names(in: folder) {
      guard let hashes = needed[function] else {
        removeTree("\(folder)/\(function)")
        continue
      }
      for name in names(in: "\(folder)/\(function)") {
        let hash = name.hasSuffix(".zip") ? String(name.dropLast(4)) : name
        if !hashes.contains(hash) { removeTree("\(folder)/\(function)/\(name)") }
      }
    }
  }

  private func remove(_ hash: String, of function: String) {
    let place = "\(folder)/\(function)/\(hash)"
    unlink(place + ".zip")
    removeTree(place)
    // Goes only when nothing is left in it.
    rmdir("\(folder)/\(function)")
  }

  private func put(_ bytes: [UInt8], at place: String) throws(ZipError) {
    let part = "\(place).\(random.entityID()).part"
    let descriptor = open(part, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    try check(descriptor, place)
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      written += count
    }
    let isWritten = written == bytes.count && fsync(descriptor) == 0
    close(descriptor)
    guard isWritten, rename(part, place) == 0 else {
      let error = ZipError(.cannotWrite, "\(place): \(systemMessage())")
      unlink(part)
      throw error
    }
  }

  private func makeFolder(_ path: String) throws(ZipError) {
    if path.isEmpty || mkdir(path, 0o755) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
      throw ZipError(.cannotWrite, "\(path): \(systemMessage())")
    }
    try makeFolder(String(path[..<slash]))
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
      throw ZipError(.cannotWrite, "\(path): \(systemMessage())")
    }
  }

  private func check(_ code: Int32, _ path: String) throws(ZipError) {
    guard code >= 0 else { throw ZipError(.cannotWrite, "\(path): \(systemMessage())") }
  }
}

/// What names an archive of code.
struct StoredCode: Hashable {
  /// SHA-256 of the archive, in hexadecimal: its name on disk.
  var hash: String
  /// Bytes of the archive.
  var size: Int

  init(hash: String, size: Int) {
    self.hash = hash
    self.size = size
  }

  init(_ zip: [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    let digest = SHA256.hash(data: zip)
    hash = String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    size = zip.count
  }

  /// The same hash as the API tells it.
  var base64: String {
    let digits = hash.utf8.map { $0 >= UInt8(ascii: "a") ? $0 - UInt8(ascii: "a") + 10 : $0 - UInt8(ascii: "0") }
    return Base64.text(stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
  }
}
