#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Why a file cannot be read, in the system's words.
public struct FileError: Error, Hashable, Sendable {
  public var reason: String

  public init(reason: String) { self.reason = reason }
}

/// Where the configuration file is looked for.
public enum ConfigurationPath {
  /// In this order, the first that is there; without `--config`.
  public static let standard = ["/etc/amazon/xray/cfg.yaml", "cfg.yaml"]

  /// Reads a file; `nil` if there is none. Stops right after the 1 MB that a configuration may have.
  public static func readFile(_ path: String) throws(FileError) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw FileError(reason: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 << 10)
    while bytes.count <= YAMLReader.maximumBytes {
      let count = read(descriptor, &chunk, chunk.count)
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(reason: String(cString: strerror(errno)))
      }
      bytes.append(contentsOf: chunk[..<count])
    }
    return bytes
  }
}
