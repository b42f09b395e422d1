import Glibc

/// What a server holds at a moment.
struct Footprint {
  /// Of its kind, as the kernel names it.
  var sockets = 0
  var pipes = 0
  /// Other open files.
  var files = 0
  /// Processes that it started, also those that have ended and were not waited for.
  var children = 0
  var residentBytes = Double.nan

  var descriptors: Int { sockets + pipes + files }

  /// - Parameter id: The server's process.
  init(_ process: MeasuredProcess, _ id: pid_t) {
    let folder = "/proc/\(id)/fd"
    for name in Self.names(in: folder) {
      switch Self.target(of: "\(folder)/\(name)") {
      case let target? where target.hasPrefix("socket:"): sockets += 1
      case let target? where target.hasPrefix("pipe:"): pipes += 1
      case _?: files += 1
      // It is closed by now.
      case nil: break
      }
    }
    children = Self.children(of: id).count
    residentBytes = process.memory.residentBytes
  }

  static func children(of parent: pid_t) -> [pid_t] {
    processes.filter { id in
      // The name of the program, in parentheses, may hold blanks.
      let fields = systemText("/proc/\(id)/stat").split(separator: ")").last?.split(separator: " ") ?? []
      return fields.count > 1 && pid_t(fields[1]) == parent
    }
  }

  /// Processes at work in a folder, or in one that was there and is removed.
  static func processes(in folder: String) -> [pid_t] {
    processes.filter { target(of: "/proc/\($0)/cwd")?.hasPrefix(folder + "/") == true }
  }

  private static var processes: [pid_t] { names(in: "/proc").compactMap { pid_t($0) } }

  /// Where a link leads.
  static func target(of link: String) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(link, &buffer, buffer.count)
    return count < 0 ? nil : String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func names(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}
