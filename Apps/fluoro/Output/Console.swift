import Glibc

/// The terminal: its measures, and the side channel for what is meant for people, beside the result.
enum Console {
  /// Writes a line to standard error.
  static func say(_ line: String) { put(line + "\n") }

  /// Puts `line` in the place of the terminal's present line.
  static func rewrite(_ line: String) { put("\r\u{1B}[K" + line) }

  /// Whether somebody sees what is said.
  static var isWatched: Bool { isatty(STDERR_FILENO) == 1 }

  /// Whether results may have colours: on a terminal, unless `NO_COLOR` is set.
  static var isColored: Bool { isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil }

  /// Cells in a line; 100 where nobody can know.
  static var width: Int {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 100 }
    return Int(size.ws_col)
  }

  /// The words for the last failure of a system call.
  static var systemError: String { String(cString: strerror(errno)) }

  private static func put(_ text: String) {
    _ = Array(text.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
