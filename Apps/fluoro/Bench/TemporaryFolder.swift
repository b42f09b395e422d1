import Dispatch
import Glibc

/// A folder for the time of a run. Its owner removes it at the end; Ctrl-C does, too.
struct TemporaryFolder {
  let path: String
  private let signals: [any DispatchSourceSignal]

  init() throws(Failure) {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/fluoro-bench-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw .unreachable("cannot make a folder in \(parent): \(Console.systemError)")
    }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    self.path = path
    signals = [SIGINT, SIGTERM].map { number in
      let source = DispatchSource.makeSignalSource(signal: number)
      source.setEventHandler {
        Self.remove(path)
        _exit(128 + number)
      }
      source.resume()
      return source
    }
  }

  func remove() {
    for signal in signals { signal.cancel() }
    Self.remove(path)
  }

  /// Removes a folder with all that is in it.
  static func remove(_ path: String) {
    for (name, mode, _) in contents(path) {
      let inner = "\(path)/\(name)"
      if mode & S_IFMT == S_IFDIR { remove(inner) } else { unlink(inner) }
    }
    rmdir(path)
  }

  /// Bytes of the files that lie in the folder itself.
  static func bytes(in path: String) -> Int {
    contents(path).reduce(0) { $0 + ($1.mode & S_IFMT == S_IFREG ? $1.bytes : 0) }
  }

  private static func contents(_ path: String) -> [(name: String, mode: mode_t, bytes: Int)] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var contents: [(String, mode_t, Int)] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      var status = stat()
      guard name != ".", name != "..", lstat("\(path)/\(name)", &status) == 0 else { continue }
      contents.append((name, status.st_mode, Int(status.st_size)))
    }
    return contents
  }
}
