import Glibc

/// A file that is small enough to be read whole.
enum ProfileFile {
  /// - Parameter path: `-` means standard input.
  static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
    let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreachable("cannot open \(path): \(Console.systemError)") }
    defer { if descriptor > STDIN_FILENO { close(descriptor) } }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .unreachable("cannot read \(path): \(Console.systemError)") }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
      guard bytes.count <= limit else {
        throw Failure(code: 2, message: "\(path) is larger than \(limit) bytes")
      }
    }
  }
}
