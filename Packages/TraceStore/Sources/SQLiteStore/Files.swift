#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the system says about the call that just failed.
func systemMessage() -> String { String(cString: strerror(errno)) }

/// Creates a directory and those above it that are missing.
func createDirectory(_ path: String) throws(StoreError) {
  var isDirectory = false
  var status = stat()
  if stat(path, &status) == 0 { isDirectory = status.st_mode & S_IFMT == S_IFDIR }
  if isDirectory { return }
  if let slash = path.lastIndex(of: "/"), slash > path.startIndex { try createDirectory(String(path[..<slash])) }
  guard path.isEmpty || path.hasSuffix("/") || mkdir(path, 0o755) == 0 || errno == EEXIST && !isFile(path) else {
    throw StoreError(.cannotOpen, path: path, "cannot create the directory: \(systemMessage())")
  }
}

/// Bytes of a file; `nil` when there is none.
func fileSize(_ path: String) -> Int? {
  var status = stat()
  return stat(path, &status) == 0 ? Int(status.st_size) : nil
}

private func isFile(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFDIR
}

/// Bytes that an SQLite file should have by its own header; `nil` when that cannot be read.
///
/// Not for a file that this process has open: closing it here would drop the locks that SQLite holds on it.
func fileSizeByHeader(_ path: String) -> Int? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var header = [UInt8](repeating: 0, count: 32)
  guard read(descriptor, &header, header.count) == header.count else { return nil }
  let pageSize = Int(header[16]) << 8 | Int(header[17])
  let pages = header[28..<32].reduce(0) { $0 << 8 | Int($1) }
  return (pageSize == 1 ? 65_536 : pageSize) * pages
}
