#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The names in a folder, without `.` and `..`; nothing when it cannot be read.
func names(in folder: String) -> [String] {
  guard let stream = opendir(folder) else { return [] }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    if name != ".", name != ".." { names.append(name) }
  }
  return names
}

/// Removes a file, or a folder with all that is in it. Links are removed, not followed.
func removeTree(_ path: String) {
  if unlink(path) == 0 || errno == ENOENT { return }
  // A function may have taken the rights away from folders of its own.
  chmod(path, 0o700)
  for name in names(in: path) { removeTree("\(path)/\(name)") }
  rmdir(path)
}

/// A file's bytes; `nil` when it cannot be read or has more than `limit`.
func contents(of path: String, atMost limit: Int) -> [UInt8]? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var status = stat()
  guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) <= limit else {
    return nil
  }
  var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
  var count = 0
  while count < bytes.count {
    let part = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress.map { $0 + count }, $0.count - count) }
    if part < 0, errno == EINTR { continue }
    guard part > 0 else { return nil }
    count += part
  }
  return bytes
}
