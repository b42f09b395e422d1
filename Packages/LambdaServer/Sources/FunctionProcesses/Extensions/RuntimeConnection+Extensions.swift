import NIOCore
import NIOHTTP1
import XRayModel

/// What an extension asks on a connection.
extension RuntimeConnection {
  private static let identifierHeader = "Lambda-Extension-Identifier"
  private static let errorTypeHeader = "Lambda-Extension-Function-Error-Type"

  func perform(
    _ request: ExtensionRequest, _ head: HTTPRequestHead, _ context: ChannelHandlerContext
  ) throws(RuntimeAPIError) {
    let limit = ExtensionRequest.bodyBytesLimit
    if bodyBytes > limit { throw .requestEntityTooLarge(limit: limit) }
    do throws(ExtensionError) {
      let identifier = head.headers.first(name: Self.identifierHeader)
      switch request {
      case .register: try register(head, context)
      case .next: try awaitMessage(identifier, head, context)
      case .initializationError, .exitError:
        try host.registry.fail(
          identifier, to: request == .exitError ? .exitError : .initializationError,
          type: head.headers.first(name: Self.errorTypeHeader))
        accept(head, context)
      case .subscribe(let api):
        try host.subscribe(to: api, identifier, body: body)
        answer(.ok, body: Array("\"OK\"".utf8), to: head, context)
      }
    } catch {
      throw .refused(error)
    }
  }

  private func register(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) throws(ExtensionError) {
    let identifier = try host.registry.register(head.headers.first(name: "Lambda-Extension-Name"), body: body)
    let features = head.headers[canonicalForm: "Lambda-Extension-Accept-Feature"]
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("functionName", host.function.name)
      writer.member("functionVersion", host.function.version)
      writer.member("handler", host.function.handler)
      if features.contains("accountId") { writer.member("accountId", host.function.accountID) }
    }
    answer(.ok, headers: [(Self.identifierHeader, identifier)], body: writer.bytes, to: head, context)
  }

  private func awaitMessage(
    _ identifier: String?, _ head: HTTPRequestHead, _ context: ChannelHandlerContext
  ) throws(ExtensionError) {
    guard isAnswering else { return }
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    try host.registry.next(identifier, id: ObjectIdentifier(self)) { [weak self] message in
      guard let self, self.isAnswering else { return }
      let headers = [(name: "Lambda-Extension-Event-Identifier", value: self.host.eventIdentifier())]
      self.answer(.ok, headers: headers, body: message.body, to: head, bound.value)
    }
  }
}
