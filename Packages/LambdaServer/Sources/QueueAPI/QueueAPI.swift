public import DaemonServer
public import EventSources
import NIOCore
import NIOHTTP1
import QueryProtocol
public import XRayModel

/// SQS for its clients: the operations on the queues of a registry, over the JSON protocol and the older query protocol.
///
/// It looks at calls, not at who makes them: nobody is authenticated here.
public final class QueueAPI: Sendable {
  let registry: QueueRegistry
  let clock: any WallClock
  private let random: RandomSource

  /// Bytes that a call may have: a batch of 1 MiB in which every byte is escaped.
  public static let bodyBytes = 8 << 20
  /// How long an answer takes at most: the longest poll, and time to spare.
  public static let answerTime = Duration.seconds(30)
  /// What the header `X-Amz-Target` of a call begins with.
  public static let targetPrefix = "AmazonSQS."
  /// The parameter `Version` of forms.
  public static let formVersion = QueryCall.version

  /// - Parameters:
  ///   - registry: Shared with who else fills and reads the queues.
  ///   - random: For ids of requests.
  public init(registry: QueueRegistry, clock: any WallClock, random: RandomSource = RandomSource()) {
    self.registry = registry
    self.clock = clock
    self.random = random
  }

  /// The API as a part of a server, at the URLs of queues. Calls at `/`, which other APIs share, go to ``answer(_:)``.
  public var application: DaemonServer.Application {
    DaemonServer.Application(resource: Self.resource, answer: { await self.answer($0) })
  }

  /// What the API takes at `path`: a queue's, `/ACCOUNT/NAME`; `nil` for others.
  public static func resource(at path: String) -> DaemonServer.Application.Resource? {
    guard QueuePath(path) != nil else { return nil }
    return DaemonServer.Application.Resource(
      methods: [.POST], bodyBytes: bodyBytes, name: "SQS", answerTime: answerTime)
  }

  /// Answers a call at `/` or at a queue's URL: of the JSON protocol when it has the header `X-Amz-Target`, else of the
  /// query protocol. Never throws: whatever goes wrong is an answer too.
  ///
  /// A poll ends when its task is cancelled.
  public func answer(_ request: DaemonServer.Application.Request) async -> DaemonServer.Application.Response {
    if let target = request.head.headers.first(name: "X-Amz-Target") { return await answer(request, target: target) }
    return await answer(form: request)
  }

  private func answer(
    _ request: DaemonServer.Application.Request, target: String
  ) async -> DaemonServer.Application.Response {
    var headers: HTTPHeaders = [
      "Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": random.requestID(),
    ]
    do throws(QueueFault) {
      guard target.hasPrefix(Self.targetPrefix) else {
        throw QueueFault(.unknownOperation, "The header X-Amz-Target names no operation of SQS.")
      }
      guard request.body.readableBytes <= Self.bodyBytes else {
        throw QueueFault(.serialization, "A request has at most \(Self.bodyBytes) bytes.")
      }
      let input = try QueueInput(Array(request.body.readableBytesView))
      let result = try await perform(String(target.dropFirst(Self.targetPrefix.count)), input, of: request)
      let body = ByteBuffer(string: JSONValue.object(JSONObject(result)).rendered())
      return DaemonServer.Application.Response(headers: headers, body: body)
    } catch {
      headers.add(
        name: "x-amzn-query-error",
        value: "\(error.kind.queryCode);\(error.kind.isSendersFault ? "Sender" : "Receiver")")
      return DaemonServer.Application.Response(
        status: HTTPResponseStatus(statusCode: error.kind.status), headers: headers,
        body: ByteBuffer(string: error.body.rendered()))
    }
  }

  private func answer(form request: DaemonServer.Application.Request) async -> DaemonServer.Application.Response {
    let requestID = random.requestID()
    let answer: QueryResponse
    do throws(QueueFault) {
      let call = try QueryCall(try Self.form(Array(request.body.readableBytesView)))
      let result = try await perform(call.action, QueueInput(call.input), of: request)
      var xml = XMLWriter()
      xml.members(result, of: call.action)
      answer = QueryResponse(
        action: call.action, namespace: QueryCall.namespace, requestID: requestID, result: xml)
    } catch {
      let refusal = QueryRefusal(code: error.kind.queryCode, message: error.message, status: error.kind.status)
      answer = QueryResponse(refusal, namespace: QueryCall.namespace, requestID: requestID)
    }
    return DaemonServer.Application.Response(
      status: HTTPResponseStatus(statusCode: answer.status),
      headers: ["Content-Type": QueryResponse.contentType, "x-amzn-RequestId": requestID],
      body: ByteBuffer(bytes: answer.body))
  }

  private static func form(_ body: [UInt8]) throws(QueueFault) -> QueryForm {
    do throws(QueryFormError) { return try QueryForm(parsing: body) } catch {
      throw QueueFault(.serialization, "\(error)")
    }
  }

  private func perform(
    _ name: String, _ input: QueueInput, of request: DaemonServer.Application.Request
  ) async throws(QueueFault) -> Result {
    guard let operation = Self.operations[name] else {
      throw Self.unsupported.contains(name)
        ? QueueFault(.unsupportedOperation, "\(name) is not supported here.")
        : QueueFault(.unknownOperation, "There is no operation \(name.prefix(100)).")
    }
    let call = QueueCall(
      input: input, path: QueuePath(request.path), host: request.head.headers.first(name: "Host") ?? "localhost",
      traceHeader: request.head.headers.first(name: TraceHeader.httpName))
    return try await operation(self, call)
  }
}

/// What a call says.
struct QueueCall: Sendable {
  let input: QueueInput
  /// Of the queue whose URL the call was made to.
  let path: QueuePath?
  let host: String
  /// The caller's `X-Amzn-Trace-Id`.
  let traceHeader: String?
}

/// Where a queue is: `/ACCOUNT/NAME`.
struct QueuePath: Hashable {
  let account: String
  let name: String

  /// From a path, or from the end of a URL; `nil` when it is none of a queue.
  init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard let name = parts.last, let account = parts.dropLast().last, parts.count >= 3,
      account.utf8.count == 12, account.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      QueueRegistry.isName(String(name)), text.hasPrefix("http") || parts.count == 3 && parts[0].isEmpty
    else { return nil }
    self.account = String(account)
    self.name = String(name)
  }
}
