import Glibc
import LambdaEmitter

/// A child of this process that leads a process group of its own.
struct ChildProcess: Sendable {
  let id: pid_t

  /// Starts `program` with `variables` and nothing else of this process: no open file but `/dev/null` as its input and
  /// `output`, no blocked signal.
  ///
  /// - Throws: ``SpawnError`` with the system's error number.
  static func spawn(
    _ program: RuntimeProgram, variables: [String: String], output: CInt
  ) throws(SpawnError) -> ChildProcess {
    let extensions = try SpawnExtensions()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, output, 2)
    _ = extensions.addCloseFrom(&actions, 3)
    _ = program.codeFolder.withCString { extensions.addChangeDirectory(&actions, $0) }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    let arguments = CStrings([program.executable] + program.arguments)
    let environment = CStrings(variables.map { "\($0.key)=\($0.value)" })
    defer {
      arguments.free()
      environment.free()
    }
    var id = pid_t()
    let error = posix_spawn(&id, program.executable, &actions, &attributes, arguments.pointers, environment.pointers)
    guard error == 0 else { throw SpawnError(number: error) }
    return ChildProcess(id: id)
  }

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

/// What glibc adds to `posix_spawn` and Swift's import of it leaves out, found by name.
private struct SpawnExtensions {
  typealias Actions = UnsafeMutablePointer<posix_spawn_file_actions_t>
  let addCloseFrom: @convention(c) (Actions, CInt) -> CInt
  let addChangeDirectory: @convention(c) (Actions, UnsafePointer<CChar>) -> CInt

  init() throws(SpawnError) {
    guard let closeFrom = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np"),
      let changeDirectory = dlsym(nil, "posix_spawn_file_actions_addchdir_np")
    else { throw SpawnError(number: ENOSYS) }
    // Their declarations in spawn.h, glibc 2.34.
    addCloseFrom = unsafeBitCast(closeFrom, to: (@convention(c) (Actions, CInt) -> CInt).self)
    addChangeDirectory = unsafeBitCast(
      changeDirectory, to: (@convention(c) (Actions, UnsafePointer<CChar>) -> CInt).self)
  }
}

/// Texts as C wants them: an array of pointers with a null at its end.
private struct CStrings {
  let pointers: [UnsafeMutablePointer<CChar>?]

  init(_ texts: [String]) { pointers = texts.map { strdup($0) } + [nil] }
  func free() { for pointer in pointers { Glibc.free(pointer) } }
}
