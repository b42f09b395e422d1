import Glibc

/// Another program at work beside this one.
struct ChildProcess {
  private let program: String
  private let id: pid_t

  /// Starts `program`, which is looked for in PATH; `nil` when it is not installed.
  ///
  /// - Parameter output: Takes its standard output; `nil` drops it.
  init?(_ program: String, _ arguments: [String], output: Int32? = nil) throws(Failure) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    if let output {
      posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    } else {
      posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    }
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    var environment =
      ["PATH", "HOME", "TMPDIR"].compactMap { (name: String) in
        getenv(name).map { strdup("\(name)=" + String(cString: $0)) }
      } + [nil]
    defer { for word in words + environment { free(word) } }
    var id: pid_t = 0
    let code = posix_spawnp(&id, program, &actions, nil, &words, &environment)
    if code == ENOENT { return nil }
    guard code == 0 else { throw .failed("cannot start \(program): \(String(cString: strerror(code)))") }
    self.program = program
    self.id = id
  }

  /// Waits for its end and returns the seconds of processor time that it took.
  ///
  /// - Parameter mayFail: Whether it is in order that it was broken off.
  @discardableResult
  func wait(mayFail: Bool = false) throws(Failure) -> Double {
    var status: Int32 = 0
    var usage = rusage()
    while wait4(id, &status, 0, &usage) < 0 {
      guard errno == EINTR else { throw .failed("lost \(program): \(Console.systemError)") }
    }
    guard status == 0 || mayFail else { throw .failed("\(program) failed with status \(status)") }
    return usage.processorSeconds
  }
}
