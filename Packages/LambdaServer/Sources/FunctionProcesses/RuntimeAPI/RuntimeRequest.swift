import NIOHTTP1

/// What a runtime or an extension asks for.
enum RuntimeRequest: Hashable {
  case ping
  case next
  case response(requestID: String)
  case error(requestID: String)
  case initializationError
  case `extension`(ExtensionRequest)

  init(_ head: HTTPRequestHead) throws(RuntimeAPIError) {
    let path = head.uri.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false)
    let request: RuntimeRequest
    switch path.dropFirst().map(String.init) {
    case ["ping"]: request = .ping
    case ["2018-06-01", "runtime", "invocation", "next"]: request = .next
    case ["2018-06-01", "runtime", "init", "error"]: request = .initializationError
    case let parts where parts.count == 5 && parts[...2] == ["2018-06-01", "runtime", "invocation"]:
      switch parts[4] {
      case "response": request = .response(requestID: parts[3])
      case "error": request = .error(requestID: parts[3])
      default: throw .notFound
      }
    case let parts:
      guard let found = ExtensionRequest(path: parts) else { throw .notFound }
      request = .extension(found)
    }
    guard head.method == request.method else { throw .methodNotAllowed }
    self = request
  }

  private var method: HTTPMethod {
    switch self {
    case .ping, .next: .GET
    case .response, .error, .initializationError: .POST
    case .extension(let request): request.method
    }
  }
}
