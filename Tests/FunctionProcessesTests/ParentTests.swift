import Glibc
import LambdaEmitter
import Synchronization
import Testing
import XRayModel

@testable import FunctionProcesses

/// Runs `body` on a thread of its own, which is gone when this returns.
private func onThread(_ body: @escaping @Sendable () -> Void) async {
  final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  await withCheckedContinuation { continuation in
    let box = Box(body)
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { pointer in
        if let pointer { Unmanaged<Box>.fromOpaque(pointer).takeRetainedValue().body() }
        return nil
      }, Unmanaged.passRetained(box).toOpaque())
    pthread_join(thread, nil)
    continuation.resume()
  }
}

@Suite struct `A child process` {
  /// What the system calls a death of the parent is that of the thread that called: so a test can be killed in part.
  @Test func `is killed with the thread that started it`() async throws {
    try await CodeFolder.with(files: ["bootstrap": "#!/bin/sh\nexec sleep 3600\n"]) { folder in
      let program = RuntimeProgram(executable: folder.path + "/bootstrap", codeFolder: folder.path)
      let child = Mutex<ChildProcess?>(nil)
      let wasAlive = Mutex(false)
      await onThread {
        let started = try? ChildProcess.spawn(program, variables: ["PATH": "/usr/bin:/bin"], output: STDERR_FILENO)
        wasAlive.withLock { $0 = started.map { $0.reap() == nil } ?? false }
        child.withLock { $0 = started }
      }
      #expect(wasAlive.withLock { $0 })
      let started = try #require(child.withLock { $0 })
      let end = Mutex<RuntimeExit?>(nil)
      #expect(
        await holds {
          if let exit = started.reap() { end.withLock { $0 = exit } }
          return end.withLock { $0 != nil }
        })
      #expect(end.withLock { $0?.reason } == "signal: killed")
    }
  }

  @Test func `has nothing of its parent but what it is given`() async throws {
    let script = """
      #!/bin/sh
      { ls -l /proc/self/fd | sed -n 's/.* \\([0-9]*\\) -> .*/\\1/p'; } > files
      grep -E '^Sig(Blk|Ign)' /proc/self/status > signals
      pwd > folder
      env > variables
      cut -d' ' -f5 /proc/$$/stat > group
      echo $$ > id
      """
    try await CodeFolder.with(files: ["bootstrap": script + "\n"]) { folder in
      signal(SIGUSR1, SIG_IGN)
      defer { signal(SIGUSR1, SIG_DFL) }
      let program = RuntimeProgram(executable: folder.path + "/bootstrap", codeFolder: folder.path)
      let child = try ChildProcess.spawn(
        program, variables: ["PATH": "/usr/bin:/bin", "A": "b"], output: STDERR_FILENO)
      #expect(await holds { child.reap() != nil })
      // The last one is that of `ls` itself.
      #expect(folder.lines(of: "files") == ["0", "1", "2", "3"])
      #expect(folder.lines(of: "signals") == ["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000"])
      #expect(folder.lines(of: "folder") == [folder.path])
      #expect(folder.lines(of: "variables").contains("A=b"))
      #expect(folder.lines(of: "group") == folder.lines(of: "id"))
    }
  }

  @Test(arguments: [("/nowhere", "/tmp", ENOENT), ("/tmp", "/tmp", EACCES), ("/bin/sh", "/nowhere", ENOENT)])
  func `that cannot be started is told of with the system's reason`(path: String, folder: String, number: CInt) {
    let program = RuntimeProgram(executable: path, codeFolder: folder)
    #expect(throws: SpawnError(number: number)) {
      try ChildProcess.spawn(program, variables: [:], output: STDERR_FILENO)
    }
  }

  @Test func `writes its output and its errors to one place`() async throws {
    try await CodeFolder.with(files: ["bootstrap": "#!/bin/sh\necho out\necho err >&2\n"]) { folder in
      let output = open(folder.path + "/output", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
      defer { close(output) }
      let program = RuntimeProgram(executable: folder.path + "/bootstrap", codeFolder: folder.path)
      let child = try ChildProcess.spawn(program, variables: ["PATH": "/usr/bin:/bin"], output: output)
      #expect(await holds { child.reap() != nil })
      #expect(folder.lines(of: "output") == ["out", "err"])
    }
  }
}

@Suite struct `The mark of a data folder` {
  @Test func `finds what functions have left behind, and nothing else`() async throws {
    try await CodeFolder.with(files: ["bootstrap": "#!/bin/sh\nexec sleep 3600\n"]) { folder in
      let mark = try #require(ProcessMark(folder: folder.path))
      #expect(ProcessMark(folder: folder.path) == mark)
      #expect(ProcessMark(folder: folder.path + "/none") == nil)
      #expect(ProcessMark(folder: "/tmp") != mark)
      func start(_ value: String) throws -> ChildProcess {
        let program = RuntimeProgram(executable: folder.path + "/bootstrap", codeFolder: folder.path)
        return try ChildProcess.spawn(
          program, variables: ["PATH": "/usr/bin:/bin", ProcessMark.name: value], output: STDERR_FILENO)
      }
      let marked = [try start(mark.value), try start(mark.value)]
      let others = [try start(mark.value + "1"), try start(String(mark.value.dropLast()))]
      #expect(mark.killProcesses() == 2)
      for child in marked { #expect(await holds { child.reap() != nil }) }
      for child in others { #expect(child.reap() == nil) }
      #expect(mark.killProcesses() == 0)
      for child in others {
        child.signalGroup(SIGKILL)
        #expect(await holds { child.reap() != nil })
      }
    }
  }

  @Test(.enabled(if: Python.path != nil, "no python3 here"))
  func `is carried by a function's process and by what it makes`() async throws {
    let script = #"""
      def note():
          with open("pids", "a") as file: file.write(str(os.getpid()) + "\n")
      def handle(id, headers, body):
          ready, written = os.pipe()
          if os.fork() == 0:
              os.setsid()
              note()
              os.write(written, b"x")
              time.sleep(3600)
          os.read(ready, 1)
          note()
          time.sleep(3600)
      loop(handle)
      """#
    try await CodeFolder.with(files: ["bootstrap": Python.bootstrap(script)]) { folder in
      let mark = try #require(ProcessMark(folder: folder.path))
      var program = try RuntimeProgram(runtime: "provided", handler: "x", codeFolder: folder.path)
      program.variables = mark.variables
      let marked = program
      let service = LambdaService(clock: SystemClock(), random: RandomSource(seed: 1), emitter: Recorder())
      service.putRole(ExecutionRole(arn: roleARN))
      var configuration = FunctionConfiguration(name: "worker", role: roleARN)
      configuration.timeoutSeconds = 900
      try service.createFunction(configuration) { ProcessRuntime(marked) }
      let fixture = Fixture(service: service, recorder: Recorder(), folder: folder)
      await withTaskGroup { group in
        group.addTask { _ = try? await fixture.invoke() }
        #expect(await holds { fixture.survivors.count == 2 })
        #expect(mark.killProcesses() == 2)
        #expect(await fixture.allGone())
        await group.waitForAll()
      }
      try await service.deleteFunction("worker")
    }
  }
}
