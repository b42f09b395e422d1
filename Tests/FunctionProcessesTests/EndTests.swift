import Glibc
import NIOCore
import NIOPosix
import Testing
import XRayModel

@testable import FunctionProcesses
@testable import LambdaEmitter

@Suite(.enabled(if: Python.path != nil, "no python3 here")) struct `The end of an environment` {
  static let sleeper = """
    with open("pids", "a") as file: file.write(str(os.getpid()) + "\\n")
    def handle(id, headers, body): time.sleep(3600)
    loop(handle)
    """

  @Test func `comes at once when the invocation's task is cancelled`() async throws {
    try await Fixture.python(Self.sleeper) { fixture in
      await withTaskGroup { group in
        group.addTask { _ = try? await fixture.invoke() }
        #expect(await holds { !fixture.survivors.isEmpty })
        group.cancelAll()
      }
      #expect(await fixture.allGone())
    }
  }

  @Test func `comes once, however often and from wherever it is asked for`() async throws {
    try await Fixture.python(Self.sleeper) { fixture in
      let program = try RuntimeProgram(runtime: "provided", handler: "x", codeFolder: fixture.folder.path)
      let runtime = ProcessRuntime(program)
      let clock = SystemClock()
      try await runtime.initialize(
        InitializationContext(environment: [:], deadline: clock.now.advanced(by: .seconds(600)), clock: clock))
      #expect(fixture.survivors.count == 1)
      await withTaskGroup { group in
        for _ in 0..<5 { group.addTask { await runtime.shutDown() } }
        group.cancelAll()
      }
      #expect(fixture.survivors.isEmpty)
      await runtime.shutDown()
      await #expect(throws: CancellationError.self) {
        try await runtime.initialize(InitializationContext(environment: [:], deadline: clock.now, clock: clock))
      }
    }
  }

  @Test func `of one that never ran is nothing`() async {
    let runtime = ProcessRuntime(RuntimeProgram(executable: "/nothing", codeFolder: "/"))
    await runtime.freeze()
    await runtime.shutDown()
  }

  @Test func `closes its port`() async throws {
    try await Fixture.python(Self.sleeper) { fixture in
      let program = try RuntimeProgram(runtime: "provided", handler: "x", codeFolder: fixture.folder.path)
      let process = try await ProcessHandle.start(
        program, variables: [:], on: MultiThreadedEventLoopGroup.singleton.next())
      try await process.waitUntilReady { _ in }
      let port = try #require(process.mark.split(separator: ":").last.flatMap { Int($0) })
      #expect(listens(port))
      await process.stop(grace: .seconds(2))
      // A process that another test starts at this moment may hold the port until it runs its program.
      #expect(await holds { !listens(port) })
    }
  }

  private func listens(_ port: Int) -> Bool {
    let hex = String(port, radix: 16, uppercase: true)
    let local = "0100007F:" + String(repeating: "0", count: 4 - hex.count) + hex
    return CodeFolder(path: "/proc/net").lines(of: "tcp").contains { line in
      let fields = line.split(separator: " ")
      return fields.count > 3 && fields[1] == local && fields[3] == "0A"
    }
  }
}
