import CSpawn
import Glibc
import LambdaEmitter

/// A child of this process that leads a process group of its own.
struct ChildProcess: Sendable {
  let id: pid_t

  /// Starts `program` with `variables` and nothing else of this process: no open file but `/dev/null` as its input and
  /// `output`, no blocked signal.
  ///
  /// The child is killed when the calling thread ends: call on one that lives as long as the process, such as that of
  /// an event loop.
  ///
  /// - Throws: ``SpawnError`` with the system's error number.
  static func spawn(
    _ program: RuntimeProgram, variables: [String: String], output: CInt
  ) throws(SpawnError) -> ChildProcess {
    let arguments = CStrings([program.executable] + program.arguments)
    let environment = CStrings(variables.map { "\($0.key)=\($0.value)" })
    defer {
      arguments.free()
      environment.free()
    }
    var error: CInt = 0
    for attempt in 1...busyAttempts {
      let id = spawn_child(
        program.executable, arguments.pointers, environment.pointers, program.codeFolder, output, &error)
      if id > 0 { return ChildProcess(id: id) }
      guard error == ETXTBSY else { break }
      // Another child, of which the program is about to begin, has the file open from when it was written.
      usleep(UInt32(attempt) * 1000)
    }
    throw SpawnError(number: error)
  }

  /// A program that is open for writing is tried again after 1 ms, 2 ms, and so on.
  private static let busyAttempts = 10

  /// Sends a signal to the whole group. Only before the leader is reaped: until then nobody else gets its number.
  func signalGroup(_ signal: CInt) { Glibc.kill(-id, signal) }

  /// Ends any process of the same user.
  static func kill(_ process: pid_t) { Glibc.kill(process, SIGKILL) }

  /// How the process ended, which is then reaped, and with it what was left of its group killed; `nil` while it runs.
  func reap() -> RuntimeExit? {
    var information = siginfo_t()
    guard waitid(P_PID, id_t(id), &information, WEXITED | WNOHANG | WNOWAIT) == 0 else {
      return RuntimeExit(status: 0)
    }
    guard information.si_signo == SIGCHLD else { return nil }
    signalGroup(SIGKILL)
    var status: CInt = 0
    waitpid(id, &status, 0)
    let signal = status & 0x7F
    guard signal != 0 else { return RuntimeExit(status: Int(status >> 8) & 0xFF) }
    var exit = RuntimeExit(status: 0)
    exit.reason = "signal: " + Self.name(ofSignal: signal)
    return exit
  }

  /// As Lambda's log names it.
  private static func name(ofSignal signal: CInt) -> String {
    switch signal {
    case SIGKILL: "killed"
    case SIGTERM: "terminated"
    case SIGINT: "interrupt"
    case SIGHUP: "hangup"
    case SIGABRT: "aborted"
    case SIGSEGV: "segmentation fault"
    case SIGBUS: "bus error"
    case SIGFPE: "floating point exception"
    case SIGILL: "illegal instruction"
    case SIGTRAP: "trace/breakpoint trap"
    case SIGPIPE: "broken pipe"
    default: "signal \(signal)"
    }
  }
}

/// Why a program could not be started: an error number of the system.
struct SpawnError: Error, Hashable, CustomStringConvertible {
  var number: CInt

  /// Whether it is the program that is missing or cannot be run, and not the system that has no room.
  var isOfProgram: Bool { [ENOENT, EACCES, ENOEXEC, ENOTDIR, EISDIR, ELOOP, EPERM].contains(number) }
  var description: String { String(cString: strerror(number)) }
}

/// Texts as C wants them: an array of pointers with a null at its end.
private struct CStrings {
  let pointers: [UnsafeMutablePointer<CChar>?]

  init(_ texts: [String]) { pointers = texts.map { strdup($0) } + [nil] }
  func free() { for pointer in pointers { Glibc.free(pointer) } }
}
