import Dispatch
import Glibc

/// A daemon at work, and what the kernel tells about it.
struct DaemonProcess {
  private let id: pid_t
  private let port: UInt16
  private let signals: [any DispatchSourceSignal]

  struct Ending {
    /// `nil` when it had to be killed.
    var status: Int32?
    /// From the signal on.
    var seconds: Double
  }

  /// - Parameters:
  ///   - port: Where it takes datagrams.
  ///   - log: Takes what it says.
  init(_ command: [String], port: UInt16, log: String) throws(Failure) {
    self.port = port
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o644)
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
    // A thread of this process may keep signals back, and a child would, too.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var words = command.map { strdup($0) } + [nil]
    var environment = Self.environment.map { strdup($0) } + [nil]
    defer { for word in words + environment { free(word) } }
    var id: pid_t = 0
    let code = posix_spawnp(&id, command.first ?? "", &actions, &attributes, &words, &environment)
    guard code == 0 else {
      throw .unreachable("cannot start \(command.first ?? "nothing"): \(String(cString: strerror(code)))")
    }
    self.id = id
    // It shall not outlive this process.
    signals = [SIGINT, SIGTERM].map { number in
      let source = DispatchSource.makeSignalSource(signal: number)
      source.setEventHandler { kill(id, SIGKILL) }
      source.resume()
      return source
    }
  }

  /// Whatever signs a request has to have something to sign with.
  private static var environment: [String] {
    ["PATH", "HOME", "TMPDIR"].compactMap { (name: String) in getenv(name).map { "\(name)=" + String(cString: $0) } }
      + [
        "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=made-up", "AWS_REGION=us-east-1",
        "AWS_EC2_METADATA_DISABLED=true",
      ]
  }

  // MARK: What the kernel tells

  /// Of all its threads, user and system time, in steps of a hundredth.
  var processorSeconds: Double {
    // The name of the program, in parentheses, may hold blanks.
    let fields = systemText("/proc/\(id)/stat").split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return .nan }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  var residentMebibytes: Double { memory("VmRSS") }
  var peakMebibytes: Double { memory("VmHWM") }

  private func memory(_ name: String) -> Double {
    systemNumber(name, in: "/proc/\(id)/status").map { Double($0) / 1024 } ?? .nan
  }

  /// Datagrams that its socket had no room for; `nil` when it does not listen.
  var droppedDatagrams: Int? {
    let wanted = ":" + String(UInt32(0x1_0000) + UInt32(port), radix: 16, uppercase: true).dropFirst()
    for file in ["/proc/net/udp", "/proc/net/udp6"] {
      for line in systemText(file).split(separator: "\n").dropFirst() {
        let fields = line.split(separator: " ")
        if fields.count > 2, fields[1].hasSuffix(wanted) { return fields.last.flatMap { Int($0) } }
      }
    }
    return nil
  }

  /// Waits until it listens, for ten seconds at most. False when it does not, or ended.
  func listens() -> Bool {
    for _ in 0..<5000 {
      if droppedDatagrams != nil { return true }
      // It is not waited for, so that its number stays its own.
      var information = siginfo_t()
      if waitid(P_PID, id_t(id), &information, WEXITED | WNOHANG | WNOWAIT) == 0, information.si_signo == SIGCHLD {
        return false
      }
      usleep(2000)
    }
    return false
  }

  // MARK: The end

  /// Asks it to end, and kills it when it has not after `limit` seconds.
  func stop(within limit: Double) -> Ending {
    for signal in signals { signal.cancel() }
    let watch = Stopwatch()
    kill(id, SIGTERM)
    var status: Int32 = 0
    while watch.cost.wallSeconds < limit {
      let ended = waitpid(id, &status, WNOHANG)
      if ended == id { return Ending(status: Self.code(status), seconds: watch.cost.wallSeconds) }
      if ended < 0, errno != EINTR { break }
      usleep(1000)
    }
    kill(id, SIGKILL)
    while waitpid(id, &status, 0) < 0, errno == EINTR {}
    return Ending(status: nil, seconds: watch.cost.wallSeconds)
  }

  /// As a shell tells it.
  private static func code(_ status: Int32) -> Int32 {
    status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
  }
}
