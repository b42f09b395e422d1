import Glibc
import XRayModel

/// A server at work that has the role for functions, and makes and drops them.
struct MeasuredLambda {
  let port: UInt16
  let process: MeasuredProcess
  /// A file with what it says.
  let log: String
  private let role: String
  private let archive: [UInt8]

  /// This very program, which is the function as well.
  static let program = Footprint.target(of: "/proc/self/exe") ?? ""

  /// - Parameter folder: For what it stores, and for the working folders of its functions.
  init(_ server: TestedServer, folder: String) throws {
    let running = try server.start(data: "\(folder)/data", log: "\(folder)/log")
    guard let process = running.process else { throw Failure.failed("\(server.name) is not ours to stop") }
    do {
      role = try Self.makeRole(running.port)
    } catch {
      process.stop(within: 5)
      throw error
    }
    port = running.port
    self.process = process
    log = running.log
    let script = "#!/bin/sh\nexec '\(Self.program)' bench lambda-runtime\n"
    archive = StoredZip(name: "bootstrap", content: Array(script.utf8), mode: S_IFREG | 0o755).bytes
  }

  var footprint: Footprint { Footprint(process, process.id) }

  /// Once it holds no more than `limit` without functions, or after half a minute.
  func settledFootprint(atMost limit: Int = .max) -> Footprint {
    let watch = Stopwatch()
    var now = footprint
    while watch.cost.wallSeconds < 30, now.children > 0 || now.descriptors > limit {
      usleep(50_000)
      now = footprint
    }
    return now
  }

  func create(_ name: String, isTraced: Bool) throws {
    let call = APICall.createFunction(name, role: role, isTraced: isTraced, archive: archive)
    _ = try Self.answer(to: call, port, status: 201)
  }

  func delete(_ name: String) throws {
    _ = try Self.answer(to: .deleteFunction(name), port, status: 204)
  }

  /// Its ARN.
  private static func makeRole(_ port: UInt16) throws -> String {
    let answer = try answer(to: .createRole, port, status: 200)
    guard let start = answer.firstRange(of: "<Arn>"), let end = answer.firstRange(of: "</Arn>") else {
      throw Failure.failed("the role has no ARN: \(answer.prefix(300))")
    }
    _ = try Self.answer(to: .attachPolicy, port, status: 200)
    return String(answer[start.upperBound..<end.lowerBound])
  }

  private static func answer(to call: APICall, _ port: UInt16, status: Int) throws -> String {
    let line = KeptConnection(port: port)
    try line.send(call)
    let answer = try line.receive()
    let text = String(decoding: answer.body, as: UTF8.self)
    guard answer.status == status else { throw Failure.failed("answer \(answer.status): \(text.prefix(300))") }
    return text
  }
}
