import Glibc

/// What the system's process table tells about an environment's processes.
enum ProcessTable {
  /// Children and their children that are looked at; a process that makes more is killed by other means.
  private static let processLimit = 256

  /// What a process and those that descend from it hold in memory, in MB of 1,048,576 bytes, rounded up; 0 when it is
  /// gone. Memory that they share counts once for each. A process that has left its parents is not found.
  static func residentMegabytes(of leader: pid_t) -> Int {
    var processes = [leader]
    var pages = 0
    var index = 0
    while index < processes.count {
      let process = processes[index]
      pages += numbers("/proc/\(process)/statm").dropFirst().first ?? 0
      if processes.count < processLimit {
        processes += numbers("/proc/\(process)/task/\(process)/children").map { pid_t(truncatingIfNeeded: $0) }
      }
      index += 1
    }
    let bytes = pages * Int(sysconf(CInt(_SC_PAGESIZE)))
    return (bytes + (1 << 20) - 1) >> 20
  }

  /// A process that makes others while it is looked for is looked for so often.
  private static let killRounds = 100

  /// Kills the processes that ``processes(with:)`` finds, until there are none. Returns how many there were.
  @discardableResult
  static func killProcesses(with variable: String) -> Int {
    var killed: Set<pid_t> = []
    for _ in 0..<killRounds {
      let found = processes(with: variable)
      if found.isEmpty { break }
      for process in found { ChildProcess.kill(process) }
      killed.formUnion(found)
    }
    return killed.count
  }

  /// Processes of this user whose environment has `variable`, written `NAME=value`: those that left a process group
  /// still carry the variables that its first process was started with, unless they wiped them.
  static func processes(with variable: String) -> [pid_t] {
    guard let folder = opendir("/proc") else { return [] }
    defer { closedir(folder) }
    let wanted = Array(variable.utf8)
    var found: [pid_t] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard let process = pid_t(name), process != getpid(), isOwn("/proc/\(process)") else { continue }
      if contents("/proc/\(process)/environ", limit: 256 << 10).split(separator: 0).contains(where: {
        $0.elementsEqual(wanted)
      }) {
        found.append(process)
      }
    }
    return found
  }

  private static func isOwn(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_uid == geteuid()
  }

  private static func numbers(_ path: String) -> [Int] {
    contents(path, limit: 4096).split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
      .compactMap { Int(String(decoding: $0, as: UTF8.self)) }
  }

  private static func contents(_ path: String, limit: Int) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while bytes.count < limit {
      let part = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
        count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
      }
      if part.isEmpty { break }
      bytes += part
    }
    return bytes
  }
}
