import AccessManagement
import DaemonServer
import FunctionProcesses
import Glibc
import LambdaAPI
import LambdaEmitter
import Logging
import NIOCore
import NIOHTTP1
import XRayDaemon
import XRayModel
import XRayService

/// The Lambda service behind `serve`: functions in processes of their own, roles, and the segments that Lambda itself
/// emits about them.
struct LocalLambda {
  private let service: LambdaService
  private let functions: LambdaAPI
  private let access: AccessManagement

  /// How functions run.
  struct Manner {
    /// How much shorter than Lambda's the waits between attempts are.
    var timeScale = 1
    /// Whether functions stand still between invocations.
    var freezes = false
    var beyondAWS: BeyondAWS = []
  }

  /// Opens what is kept in `data`: `functions.json`, `roles.json`, the folder `functions`, and `events.journal` with the
  /// events that are not done. Ends what functions of an earlier run have left behind.
  ///
  /// - Parameters:
  ///   - daemon: Takes the segments, and those that functions send, through their environments.
  ///   - python: An absolute path; `nil` where there is none.
  init(data: String, daemon: Daemon, identity: ServiceIdentity, python: String?, manner: Manner, logger: Logger) throws
  {
    let random = RandomSource()
    let mark = ProcessMark(folder: data)
    if let left = mark?.killProcesses(), left > 0 {
      logger.warning("ended processes that functions had left behind", metadata: ["processes": "\(left)"])
    }
    let events = try EventJournalFile(path: data + "/events.journal")
    if !events.damage.isNone {
      logger.warning(
        "parts of events.journal could not be read",
        metadata: ["torn bytes": "\(events.damage.tornBytes)", "damaged": "\(events.damage.ranges)"])
    }
    let service = LambdaService(
      account: identity.account, region: identity.region, clock: SystemClock(), random: random,
      emitter: DaemonEmitter(daemon: daemon),
      daemonAddress: DaemonAddress(host: "127.0.0.1", port: Int(daemon.address.port)), timing: .measured,
      timeScale: manner.timeScale, journal: events, beyondAWS: manner.beyondAWS)
    self.service = service
    let roles = DurableFile(path: data + "/roles.json")
    access = AccessManagement(
      records: try Self.records(in: roles, account: identity.account), clock: SystemClock(), random: random,
      save: { records in
        var writer = JSONWriter(pretty: true)
        records.write(to: &writer)
        try roles.replace(with: writer.bytes)
      },
      changed: { service.putRole($0) }, removed: { service.removeRole($0) })
    let file = DurableFile(path: data + "/functions.json")
    let interpreter = python.map { PythonInterpreter(executable: $0) }
    functions = try LambdaAPI(
      service: service, codeFolder: Self.absolute(data) + "/functions",
      storage: FunctionStorage(load: { try file.read() }, save: { try file.replace(with: $0) }), random: random
    ) { configuration, folder in
      var program = try RuntimeProgram(
        runtime: configuration.runtime, handler: configuration.handler, codeFolder: folder, python: interpreter)
      program.variables.merge(mark?.variables ?? [:]) { _, mark in mark }
      let marked = program
      return { ProcessRuntime(marked, freezes: manner.freezes, logger: logger) }
    }
  }

  private static func records(in file: DurableFile, account: String) throws -> AccessRecords {
    guard let bytes = try file.read() else { return AccessRecords(account: account) }
    do {
      return try AccessRecords(json: JSONValue(parsing: bytes.span))
    } catch {
      throw Failure.unreachable("\(file.path): \(error)")
    }
  }

  /// As seen from the working folder.
  static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return String(cString: folder) + "/" + path
  }

  /// Works asynchronous events and queues off until it is cancelled, and ends what runs. Events that are not done then
  /// stay for the next start.
  func run() async {
    async let queues: Void = functions.run()
    await service.run()
    await queues
  }

  /// Lambda's API, and IAM's at the root.
  var applications: [DaemonServer.Application] {
    let roles = DaemonServer.Application(
      resource: { $0 == "/" ? .init(methods: [.POST], bodyBytes: 512 << 10, name: "IAM") : nil },
      answer: { [access] request in
        let answer = access.answer(form: Array(request.body.readableBytesView))
        return DaemonServer.Application.Response(
          status: HTTPResponseStatus(statusCode: answer.status),
          headers: ["Content-Type": IAMResponse.contentType, "x-amzn-RequestId": answer.requestID],
          body: ByteBuffer(bytes: answer.body))
      })
    return [functions.application, roles]
  }
}

/// Hands Lambda's segments to the daemon, which counts what it cannot keep.
private struct DaemonEmitter: SegmentEmitter {
  let daemon: Daemon

  func emit(_ document: [UInt8]) {
    _ = document.withUnsafeBufferPointer { daemon.accept($0) }
  }
}
