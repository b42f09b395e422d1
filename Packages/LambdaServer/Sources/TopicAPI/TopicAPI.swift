public import DaemonServer
import EventSources
public import LambdaEmitter
import NIOCore
import NIOHTTP1
public import QueryProtocol
public import XRayModel

/// SNS's query API over the topics of an emulated Lambda service: topics, subscriptions of queues and functions, and
/// publishing. Nobody is authenticated here.
public final class TopicAPI: Sendable {
  /// The value of the parameter `Version`, by which SNS's calls are told from those of others.
  public static let version = "2010-03-31"
  static let namespace = "http://sns.amazonaws.com/doc/2010-03-31/"

  let service: LambdaService
  let random: RandomSource
  var registry: TopicRegistry { service.topics }

  /// - Parameters:
  ///   - service: Has the topics, delivers to queues and functions, and lends its clock.
  ///   - random: For ids of requests and subscriptions.
  public init(service: LambdaService, random: RandomSource = RandomSource()) {
    self.service = service
    self.random = random
  }

  /// The API as a part of a server: `POST /`.
  public var application: DaemonServer.Application {
    DaemonServer.Application(
      resource: { $0 == "/" ? .init(methods: [.POST], bodyBytes: QueryForm.byteLimit, name: "SNS") : nil },
      answer: { await self.answer($0) })
  }

  /// Answers a request. The header `X-Amzn-Trace-Id` of a `Publish` is the trace that its message belongs to.
  public func answer(_ request: DaemonServer.Application.Request) async -> DaemonServer.Application.Response {
    let answer = answer(
      form: Array(request.body.readableBytesView), traceHeader: request.head.headers.first(name: TraceHeader.httpName))
    return DaemonServer.Application.Response(
      status: HTTPResponseStatus(statusCode: answer.status),
      headers: ["Content-Type": QueryResponse.contentType, "x-amzn-RequestId": answer.requestID],
      body: ByteBuffer(bytes: answer.body))
  }

  /// Answers a call: `Action=CreateTopic&Version=2010-03-31&…`, form-encoded, at most 512 KiB.
  ///
  /// Whatever is wrong with it is an answer, too. A call that changes something returns when the registry has kept it.
  public func answer(form body: [UInt8], traceHeader: String? = nil) -> QueryResponse {
    let requestID = random.requestID()
    do throws(TopicError) {
      let form = try Self.form(body)
      let action = try TopicAction(form)
      return QueryResponse(
        action: action.rawValue, namespace: Self.namespace, requestID: requestID,
        result: try perform(action, form, traceHeader: traceHeader))
    } catch {
      return QueryResponse(error.refusal, namespace: Self.namespace, requestID: requestID)
    }
  }

  private static func form(_ body: [UInt8]) throws(TopicError) -> QueryForm {
    do throws(QueryFormError) { return try QueryForm(parsing: body) } catch { throw TopicError(error) }
  }

  /// Does what a call asks for, and gives the content of its result; `nil` for an action without one.
  private func perform(
    _ action: TopicAction, _ form: QueryForm, traceHeader: String?
  ) throws(TopicError) -> XMLWriter? {
    var xml = XMLWriter()
    switch action {
    case .createTopic: try createTopic(form, &xml)
    case .listTopics: try listTopics(form, &xml)
    case .getTopicAttributes: try getTopicAttributes(form, &xml)
    case .subscribe: try subscribe(form, &xml)
    case .listSubscriptions: try listSubscriptions(form, &xml)
    case .listSubscriptionsByTopic: try listSubscriptionsByTopic(form, &xml)
    case .getSubscriptionAttributes: try getSubscriptionAttributes(form, &xml)
    case .publish: try publish(form, traceHeader, &xml)
    case .publishBatch: try publishBatch(form, traceHeader, &xml)
    case .tagResource: try tagResource(form)
    case .untagResource: try untagResource(form)
    case .listTagsForResource: try listTagsForResource(form, &xml)
    case .deleteTopic, .setTopicAttributes, .unsubscribe, .setSubscriptionAttributes:
      try performSilently(action, form)
      return nil
    }
    return xml
  }

  /// The actions that answer nothing.
  private func performSilently(_ action: TopicAction, _ form: QueryForm) throws(TopicError) {
    switch action {
    case .deleteTopic: try deleteTopic(form)
    case .setTopicAttributes: try setTopicAttributes(form)
    case .unsubscribe: try unsubscribe(form)
    default: try setSubscriptionAttributes(form)
    }
  }

  /// Changes topics and subscriptions, all or nothing.
  func change<Result>(_ body: (inout TopicRecords) throws(TopicError) -> Result) throws(TopicError) -> Result {
    try registry.change(failure: { TopicError(.internalError, "The change could not be kept: \($0)") }, body)
  }
}
