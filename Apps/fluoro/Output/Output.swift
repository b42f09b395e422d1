import Glibc

/// Where a result goes: standard output, or a file that it replaces.
struct Output: ~Copyable {
  private let name: String
  private let descriptor: Int32

  /// - Parameter path: `nil` or `-` means standard output.
  init(path: String? = nil) throws(Failure) {
    name = path ?? "standard output"
    if let path, path != "-" {
      descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    } else {
      descriptor = STDOUT_FILENO
    }
    guard descriptor >= 0 else { throw .unreachable("cannot write \(name): \(Console.systemError)") }
  }

  deinit { if descriptor > STDERR_FILENO { close(descriptor) } }

  borrowing func write(_ bytes: [UInt8]) throws(Failure) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
      if count >= 0 { written += count } else if errno != EINTR { throw .failed("\(name): \(Console.systemError)") }
    }
  }

  borrowing func write(_ text: String) throws(Failure) { try write(Array(text.utf8)) }

  /// Writes text that may lack its last line break.
  borrowing func writeLine(_ text: String) throws(Failure) { try write(text.hasSuffix("\n") ? text : text + "\n") }
}
