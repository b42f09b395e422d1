import Glibc
import LambdaEmitter
import Synchronization
import XRayModel
import XRaySampler

@testable import FunctionProcesses

/// Keeps what is emitted, in order.
final class Recorder: SegmentEmitter {
  private let kept = Mutex<[[UInt8]]>([])

  func emit(_ document: [UInt8]) { kept.withLock { $0.append(document) } }

  var entities: [Entity] { kept.withLock { $0 }.compactMap { try? Entity(document: $0.span) } }
  var services: [Entity] { entities.filter { $0.origin == "AWS::Lambda" } }
  var functions: [Entity] { entities.filter { $0.origin == "AWS::Lambda::Function" } }
}

extension Entity {
  func part(_ name: String) -> Entity? { subsegments.first { $0.name == name } }
  var partNames: [String] { subsegments.compactMap(\.name) }
}

/// A folder with a function's code, gone with the test.
struct CodeFolder {
  let path: String

  static func with<Result>(
    files: [String: String], _ body: (CodeFolder) async throws -> Result
  ) async throws -> Result {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/fluoro-function-XXXXXX".utf8CString)
    let path = String(cString: mkdtemp(&template))
    let folder = CodeFolder(path: path)
    for (name, text) in files { try folder.write(name, text) }
    do {
      let result = try await body(folder)
      folder.remove()
      return result
    } catch {
      folder.remove()
      throw error
    }
  }

  func write(_ name: String, _ text: String) throws {
    if let end = name.lastIndex(of: "/") { mkdir("\(path)/\(name[..<end])", 0o755) }
    guard let file = fopen("\(path)/\(name)", "w") else { throw RuntimeFailure("no file \(name)") }
    fputs(text, file)
    fclose(file)
    chmod("\(path)/\(name)", 0o755)
  }

  /// The lines of a file that the function wrote.
  func lines(of name: String) -> [String] {
    guard let file = fopen("\(path)/\(name)", "r") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = getc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private func remove(_ path: String? = nil) {
    let path = path ?? self.path
    guard let folder = opendir(path) else { return }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name != ".", name != ".." else { continue }
      if unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
    }
    closedir(folder)
    rmdir(path)
  }
}

enum Python {
  /// The first real interpreter of the machine; version switchers in the path are scripts, and slow.
  static let path: String? = {
    let folders = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin"
    return (["/usr/bin"] + folders.split(separator: ":").map(String.init)).map { $0 + "/python3" }.first { path in
      guard access(path, X_OK) == 0, let file = fopen(path, "r") else { return false }
      defer { fclose(file) }
      return getc(file) == 0x7F
    }
  }()

  /// A runtime in a few lines: `handle(id, headers, event)` is what a test adds.
  static func bootstrap(_ body: String) -> String {
    """
    #!\(path ?? "/usr/bin/python3") -IS
    import http.client, os, sys, time, json, signal
    API, BASE = os.environ["AWS_LAMBDA_RUNTIME_API"], "/2018-06-01/runtime"
    def ask(method, path, body=None, headers={}):
        connection = http.client.HTTPConnection(API)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        answer = response.status, response.headers, response.read()
        connection.close()
        return answer
    def next():
        status, headers, body = ask("GET", BASE + "/invocation/next")
        return headers["Lambda-Runtime-Aws-Request-Id"], headers, body
    def respond(id, body): return ask("POST", BASE + "/invocation/" + id + "/response", body)
    def fail(id, body, headers={}): return ask("POST", BASE + "/invocation/" + id + "/error", body, headers)
    def loop(handle):
        while True:
            id, headers, body = next()
            handle(id, headers, body)
    \(body)

    """
  }
}

let roleARN = "arn:aws:iam::123456789012:role/worker"

/// A service on the machine's clock with one function, `worker`, in real processes.
struct Fixture: Sendable {
  let service: LambdaService
  let recorder: Recorder
  let folder: CodeFolder

  /// Runs `body` with a function that a Python bootstrap makes; its environments are gone in the end.
  static func python<Result: Sendable>(
    _ script: String, freezes: Bool = false, beyondAWS: BeyondAWS = [],
    _ change: (inout FunctionConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (Fixture) async throws -> Result
  ) async throws -> Result {
    try await run(["bootstrap": Python.bootstrap(script)], freezes: freezes, beyondAWS: beyondAWS, change, body)
  }

  static func run<Result: Sendable>(
    _ files: [String: String], freezes: Bool = false, python: PythonInterpreter? = nil, beyondAWS: BeyondAWS = [],
    shutdownSeconds: Int64 = 2,
    _ change: (inout FunctionConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (Fixture) async throws -> Result
  ) async throws -> Result {
    try await CodeFolder.with(files: files) { folder in
      let recorder = Recorder()
      // Other tests may keep the machine busy for longer than Lambda would wait.
      var timing = InvocationTiming.measured
      timing.initializationLimit = .seconds(600)
      let service = LambdaService(
        clock: SystemClock(), random: RandomSource(seed: 1), sampler: FixedSampler.always, emitter: recorder,
        timing: timing, beyondAWS: beyondAWS)
      service.putRole(try ExecutionRole(arn: roleARN, managedPolicies: ["AWSXRayDaemonWriteAccess"]))
      var configuration = FunctionConfiguration(name: "worker", role: roleARN)
      configuration.tracingMode = .active
      configuration.timeoutSeconds = 600
      configuration.memoryMegabytes = 512
      change(&configuration)
      let program = try RuntimeProgram(
        runtime: configuration.runtime, handler: configuration.handler, codeFolder: folder.path, python: python)
      var surroundings = ExtensionHost.Surroundings()
      surroundings.shutdownLimit = .seconds(shutdownSeconds)
      try service.createFunction(configuration) { [surroundings] in
        ProcessRuntime(program, freezes: freezes, surroundings: surroundings)
      }
      return try await service.serving { service in
        try await body(Fixture(service: service, recorder: recorder, folder: folder))
      }
    }
  }

  @discardableResult
  func invoke(_ payload: String = "{}") async throws -> InvocationResult {
    try await service.invoke("worker", payload: Array(payload.utf8))
  }

  /// Processes that wrote their numbers into the file `pids` and are still there, as zombies or alive.
  var survivors: [pid_t] { folder.lines(of: "pids").compactMap { pid_t($0) }.filter { kill($0, 0) == 0 } }

  /// Waits until no process of the function is left.
  func allGone() async -> Bool { await holds { survivors.isEmpty } }
}

extension InvocationResult {
  var text: String { String(decoding: payload, as: UTF8.self) }
}

/// Whether `condition` becomes true, in ten minutes at most.
func holds(_ condition: () -> Bool) async -> Bool {
  for _ in 0..<60_000 {
    if condition() { return true }
    try? await Task.sleep(for: .milliseconds(10))
  }
  return false
}
