import DaemonServer
import EventSources
import LambdaEmitter
import NIOCore
import NIOHTTP1
import Synchronization
import XRayModel

@testable import LambdaAPI

/// Drops everything.
struct NoEmitter: SegmentEmitter {
  func emit(_ document: [UInt8]) {}
}

/// What was saved, as a file would hold it.
final class SavedFunctions: Sendable {
  private let kept = Mutex<[UInt8]?>(nil)
  private let fails = Mutex(false)

  struct Full: Error {}

  var bytes: [UInt8]? { kept.withLock { $0 } }
  func set(_ bytes: [UInt8]?) { kept.withLock { $0 = bytes } }
  func fail(_ isFailing: Bool) { fails.withLock { $0 = isFailing } }

  var storage: FunctionStorage {
    FunctionStorage(load: { self.bytes }) { bytes in
      if self.fails.withLock({ $0 }) { throw Full() }
      self.set(bytes)
    }
  }
}

struct Answer {
  var status: Int
  var headers: HTTPHeaders
  var body: [UInt8]

  var json: JSONValue { (try? JSONValue(parsing: body.span)) ?? .null }
  var errorType: String? { headers.first(name: "x-amzn-ErrorType") }
  var text: String { String(decoding: body, as: UTF8.self) }
  subscript(key: String) -> JSONValue? { json[key] }
}

let roleARN = "arn:aws:iam::123456789012:role/worker"
let bareRoleARN = "arn:aws:iam::123456789012:role/bare"
let functionARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"

/// A runtime that does what the event says, and tells which code and handler it has.
func testRuntime(_ configuration: FunctionConfiguration, _ folder: String) throws -> @Sendable () -> any FunctionRuntime
{
  struct Unsupported: Error, CustomStringConvertible {
    var description: String { "The runtime cannot run here." }
  }
  if configuration.runtime.hasPrefix("java") { throw Unsupported() }
  return {
    ClosureRuntime { event, context in
      let json = try JSONValue(parsing: event.bytes.span)
      for line in 0..<(json["lines"]?.number?.integer ?? 0) { context.log("line \(line)") }
      if let message = json["fail"]?.string { throw FunctionError(type: "Broken", message: message) }
      let hash = folder.split(separator: "/").last.map(String.init) ?? ""
      return Array(
        JSONValue.object([
          "echo": json, "code": .string(hash), "handler": .string(configuration.handler),
          "version": .string(context.version), "arn": .string(context.invokedFunctionARN),
          "header": .string(context.traceHeader),
          "client": context.clientContext.map { .string(String(decoding: $0, as: UTF8.self)) } ?? .null,
        ]).rendered().utf8)
    }
  }
}

/// The API over a service in virtual time.
struct Fixture: Sendable {
  let service: LambdaService
  let api: LambdaAPI
  let clock: VirtualClock
  let folder: TemporaryFolder
  let saved: SavedFunctions
  let streams: StreamRegistry

  static func run(
    folder: TemporaryFolder = TemporaryFolder(), saved: SavedFunctions = SavedFunctions(), concurrency: Int = 1000,
    runtimes: @escaping LambdaAPI.RuntimeFactory = testRuntime,
    _ body: @escaping @Sendable (Fixture) async throws -> Void
  ) async throws {
    try await Simulation.run(from: Timestamp(seconds: 1_700_000_000)) { clock in
      let random = RandomSource(seed: 7)
      let service = LambdaService(
        clock: clock, random: random, emitter: NoEmitter(), timing: .measured, concurrency: concurrency)
      service.putRole(try ExecutionRole(arn: roleARN, managedPolicies: ["AWSXRayDaemonWriteAccess"]))
      service.putRole(ExecutionRole(arn: bareRoleARN))
      let streams = StreamRegistry(account: service.account, region: service.region, at: clock.now)
      let api = try LambdaAPI(
        service: service, codeFolder: folder.path + "/functions", storage: saved.storage, streams: streams,
        random: random, runtimes: runtimes)
      let fixture = Fixture(
        service: service, api: api, clock: clock, folder: folder, saved: saved, streams: streams)
      try await service.serving { _ in try await body(fixture) }
    }
  }

  func call(
    _ method: HTTPMethod, _ uri: String, _ json: JSONValue? = nil, headers: [(String, String)] = []
  ) async -> Answer {
    await call(method, uri, bytes: json.map { Array($0.rendered().utf8) } ?? [], headers: headers)
  }

  func call(
    _ method: HTTPMethod, _ uri: String, bytes: [UInt8], headers: [(String, String)] = []
  ) async -> Answer {
    let head = HTTPRequestHead(
      version: .http1_1, method: method, uri: uri, headers: HTTPHeaders([("Host", "localhost:2000")] + headers))
    let response = await api.answer(.init(head: head, body: ByteBuffer(bytes: bytes)))
    return Answer(
      status: Int(response.status.code), headers: response.headers, body: Array(response.body.readableBytesView))
  }

  /// What creates a function, with some members changed.
  static func creation(_ changes: JSONObject = [:], name: String = "orders", code: String = "one") -> JSONValue {
    let zip = ZipWriter([.init("bootstrap", code, mode: 0o100755)]).bytes
    var request: JSONObject = [
      "FunctionName": .string(name), "Role": .string(roleARN), "Runtime": "provided.al2023", "Handler": "bootstrap",
      "Code": ["ZipFile": .string(Base64.text(zip))],
    ]
    for member in changes.members { request[member.key] = member.value }
    return .object(request)
  }

  @discardableResult
  func create(_ changes: JSONObject = [:], name: String = "orders", code: String = "one") async -> Answer {
    await call(.POST, "/2015-03-31/functions", Self.creation(changes, name: name, code: code))
  }

  func newCode(_ code: String) -> JSONValue {
    ["ZipFile": .string(Base64.text(ZipWriter([.init("bootstrap", code, mode: 0o100755)]).bytes))]
  }
}

let orders = "/2015-03-31/functions/orders"
