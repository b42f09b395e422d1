#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The machine's files.
public enum WholeFile {
  /// Bytes that a file may have: those read here have a few thousand.
  public static let limit = 1 << 20

  /// A file's bytes; `nil` when it cannot be read or is longer than ``limit``.
  public static func read(_ path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = readOnce(file, &chunk)
      if count < 0 || bytes.count + count > limit { return nil }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
  }

  private static func readOnce(_ file: Int32, _ chunk: inout [UInt8]) -> Int {
    chunk.withUnsafeMutableBytes { buffer in
      var count = -1
      // A signal may interrupt it.
      repeat {
        #if canImport(Darwin)
          count = Darwin.read(file, buffer.baseAddress, buffer.count)
        #elseif canImport(Glibc)
          count = Glibc.read(file, buffer.baseAddress, buffer.count)
        #else
          count = Musl.read(file, buffer.baseAddress, buffer.count)
        #endif
      } while count < 0 && errno == EINTR
      return count
    }
  }
}
