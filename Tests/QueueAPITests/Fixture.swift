import DaemonServer
import EventSources
import NIOCore
import NIOHTTP1
import QueueAPI
import XRayModel

let start = Timestamp(seconds: 1_700_000_000)

/// What a call was answered.
struct Answer {
  var status: Int
  var headers: HTTPHeaders
  var json: JSONValue

  subscript(name: String) -> JSONValue? { json[name] }
  /// The exception's name without its namespace; `nil` for results.
  var errorType: String? { json["__type"]?.string.map { String($0.drop { $0 != "#" }.dropFirst()) } }
  var queryError: String? { headers.first(name: "x-amzn-query-error") }
}

/// The API over a registry, in virtual time.
struct Fixture: Sendable {
  let registry: QueueRegistry
  let api: QueueAPI
  let clock: VirtualClock

  static func run(_ body: @escaping @Sendable (Fixture) async throws -> Void) async throws {
    try await Simulation.run(from: start) { clock in
      let registry = QueueRegistry(random: RandomSource(seed: 1))
      let api = QueueAPI(registry: registry, clock: clock, random: RandomSource(seed: 2))
      try await body(Fixture(registry: registry, api: api, clock: clock))
    }
  }

  func call(_ operation: String, _ input: JSONValue = [:], path: String = "/", headers: HTTPHeaders = [:]) async
    -> Answer
  {
    await call(target: "AmazonSQS.\(operation)", body: input.rendered(), path: path, headers: headers)
  }

  func call(target: String?, body: String, path: String = "/", headers: HTTPHeaders = [:]) async -> Answer {
    var headers = headers
    headers.add(name: "Host", value: "queues.test:4566")
    if let target { headers.add(name: "X-Amz-Target", value: target) }
    let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: path, headers: headers)
    let response = await api.answer(.init(head: head, body: ByteBuffer(string: body)))
    let json = (try? JSONValue(parsing: Array(response.body.readableBytesView).span)) ?? .null
    return Answer(status: Int(response.status.code), headers: response.headers, json: json)
  }

  /// Creates a queue and gives its URL.
  func queue(_ name: String = "q", _ attributes: JSONValue = [:]) async -> JSONValue {
    await call("CreateQueue", ["QueueName": .string(name), "Attributes": attributes])["QueueUrl"] ?? .null
  }

  func receive(_ url: JSONValue, count: Int = 10, _ more: JSONObject = [:]) async -> [JSONValue] {
    var input = more
    input["QueueUrl"] = url
    input["MaxNumberOfMessages"] = .number(JSONNumber(count))
    return await call("ReceiveMessage", .object(input))["Messages"]?.array ?? []
  }
}
