import Dispatch
import Glibc

/// A program at work that is measured, and what the kernel tells about it.
struct MeasuredProcess {
  let id: pid_t
  private let signals: [any DispatchSourceSignal]

  struct Memory {
    var residentBytes: Double
    /// Shared with no other process.
    var privateBytes: Double
    /// The most that was resident so far.
    var peakBytes: Double
  }

  struct Ending {
    /// As a shell tells it; `nil` when it had to be killed.
    var status: Int32?
    /// From the signal on.
    var seconds: Double
    /// From its start to its end, over all threads.
    var processorSeconds: Double
  }

  /// - Parameters:
  ///   - environment: `NAME=value`, beside the few that every program needs.
  ///   - log: A file for what it says.
  init(_ command: [String], environment: [String] = [], log: String) throws(Failure) {
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
    let inherited = ["PATH", "HOME", "TMPDIR"].compactMap { (name: String) in
      getenv(name).map { "\(name)=" + String(cString: $0) }
    }
    var variables = (inherited + environment).map { strdup($0) } + [nil]
    defer { for word in words + variables { free(word) } }
    var id: pid_t = 0
    let code = posix_spawnp(&id, command.first ?? "", &actions, &attributes, &words, &variables)
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

  // MARK: What the kernel tells

  /// Of all its threads, user and system time, in steps of a hundredth.
  var processorSeconds: Double {
    // The name of the program, in parentheses, may hold blanks.
    let fields = systemText("/proc/\(id)/stat").split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return .nan }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  var memory: Memory {
    func bytes(_ name: String, _ file: String) -> Double {
      systemNumber(name, in: "/proc/\(id)/\(file)").map { Double($0 << 10) } ?? .nan
    }
    return Memory(
      residentBytes: bytes("VmRSS", "status"),
      privateBytes: bytes("Private_Clean", "smaps_rollup") + bytes("Private_Dirty", "smaps_rollup"),
      peakBytes: bytes("VmHWM", "status"))
  }

  /// It is not waited for, so that its number stays its own.
  var hasEnded: Bool {
    var information = siginfo_t()
    return waitid(P_PID, id_t(id), &information, WEXITED | WNOHANG | WNOWAIT) == 0 && information.si_signo == SIGCHLD
  }

  // MARK: The end

  /// Asks it to end, and kills it when it has not after `limit` seconds.
  @discardableResult
  func stop(within limit: Double = 60) -> Ending {
    for signal in signals { signal.cancel() }
    let watch = Stopwatch()
    var status: Int32 = 0
    var usage = rusage()
    kill(id, SIGTERM)
    var isKilled = false
    while true {
      let ended = wait4(id, &status, isKilled ? 0 : WNOHANG, &usage)
      if ended == id || (ended < 0 && errno != EINTR) { break }
      if !isKilled, watch.cost.wallSeconds > limit {
        kill(id, SIGKILL)
        isKilled = true
      }
      usleep(500)
    }
    let code = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    return Ending(
      status: isKilled ? nil : code, seconds: watch.cost.wallSeconds, processorSeconds: usage.processorSeconds)
  }
}
