import DaemonServer
import EventSources
import LambdaEmitter
import NIOCore
import NIOHTTP1
import Synchronization
import Testing
import TopicAPI
import XRayModel

/// A clock that moves when it is told to.
final class HandClock: WallClock {
  private let time = Mutex(Timestamp(seconds: 1_700_000_000))
  var now: Timestamp { time.withLock { $0 } }
  func advance(by duration: Duration) { time.withLock { $0 = $0.advanced(by: duration) } }
  func sleep(until deadline: Timestamp, tolerance: Duration?) async throws {}
}

struct NowhereEmitter: SegmentEmitter {
  func emit(_ document: [UInt8]) {}
}

/// An account, and calls of its API.
struct Account: Sendable {
  let clock = HandClock()
  let service: LambdaService
  let api: TopicAPI

  init(
    records: TopicRecords = TopicRecords(), save: @escaping @Sendable (TopicRecords) throws -> Void = { _ in }
  ) {
    let random = RandomSource(seed: 1)
    service = LambdaService(
      clock: clock, random: random, emitter: NowhereEmitter(), topics: TopicRegistry(records: records, save: save))
    api = TopicAPI(service: service, random: random)
  }

  static let orders = "arn:aws:sns:us-east-1:123456789012:orders"
  static func queue(_ name: String = "q") -> String { "arn:aws:sqs:us-east-1:123456789012:\(name)" }

  @discardableResult
  func call(_ action: String, _ parameters: [String: String] = [:], traceHeader: String? = nil) async -> Answer {
    let fields = parameters.merging(["Action": action, "Version": TopicAPI.version]) { $1 }
    let body = fields.map { "\(escaped($0))=\(escaped($1))" }.joined(separator: "&")
    var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/")
    if let traceHeader { head.headers.add(name: "x-amzn-trace-id", value: traceHeader) }
    return Answer(await api.answer(.init(head: head, body: ByteBuffer(string: body))))
  }

  /// Makes a topic and subscribes a queue to it.
  func subscribedTopic(_ name: String = "orders", _ attributes: [String: String] = [:]) async -> String? {
    await call("CreateTopic", ["Name": name])
    return await subscribe("arn:aws:sns:us-east-1:123456789012:\(name)", attributes: attributes)["SubscriptionArn"]
  }

  @discardableResult
  func subscribe(
    _ topic: String = orders, _ target: String = "sqs", _ endpoint: String = queue(), attributes: [String: String] = [:]
  ) async -> Answer {
    var parameters = ["TopicArn": topic, "Protocol": target, "Endpoint": endpoint, "ReturnSubscriptionArn": "true"]
    for (index, attribute) in attributes.enumerated() {
      parameters["Attributes.entry.\(index + 1).key"] = attribute.key
      parameters["Attributes.entry.\(index + 1).value"] = attribute.value
    }
    return await call("Subscribe", parameters)
  }

  func received(_ queue: String = queue()) throws -> [JSONValue] {
    try service.queue(queue).messages.map { try JSONValue(parsing: $0.body.span) }
  }

  private func escaped(_ text: String) -> String {
    text.utf8.map { byte in
      let scalar = Unicode.Scalar(byte)
      let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
      return isPlain ? String(scalar) : byte < 16 ? "%0" + String(byte, radix: 16) : "%" + String(byte, radix: 16)
    }.joined()
  }
}

/// An answer, to be asked for the text of its elements.
struct Answer: CustomStringConvertible {
  let response: DaemonServer.Application.Response
  var status: UInt { response.status.code }
  var xml: String { String(buffer: response.body) }
  var description: String { "\(status) \(xml)" }
  var code: String? { self["Code"] }
  var message: String? { self["Message"] }
  /// Status and code of a refusal.
  var refusal: Refusal? { code.map { Refusal(status: status, code: $0) } }

  init(_ response: DaemonServer.Application.Response) { self.response = response }

  /// The content of the first element of that name.
  subscript(name: String) -> String? { all(name).first }

  /// The content of all elements of that name, which must not contain each other.
  func all(_ name: String) -> [String] {
    xml.split(separator: "<\(name)>", omittingEmptySubsequences: false).dropFirst()
      .map { part in String(part.split(separator: "</\(name)>", omittingEmptySubsequences: false)[0]) }
  }

  /// The entries of a map.
  var entries: [String: String] {
    Dictionary(zip(all("key"), all("value")), uniquingKeysWith: { $1 })
  }
}

struct Refusal: Equatable {
  var status: UInt
  var code: String

  static let invalid = Refusal(status: 400, code: "InvalidParameter")
  static let notFound = Refusal(status: 404, code: "NotFound")
}
