import NIOHTTP1

/// What an extension asks for.
enum ExtensionRequest: Hashable {
  case register
  case next
  case initializationError
  case exitError
  case subscribe(TelemetryAPI)

  /// Lambda says nothing about it; names, events and subscriptions are short.
  static let bodyBytesLimit = 64 << 10

  init?(path: [String]) {
    // `/telemetry/` is in the documentation as well.
    let path = path.last == "" ? path.dropLast() : path[...]
    switch path {
    case ["2020-01-01", "extension", "register"]: self = .register
    case ["2020-01-01", "extension", "event", "next"]: self = .next
    case ["2020-01-01", "extension", "init", "error"]: self = .initializationError
    case ["2020-01-01", "extension", "exit", "error"]: self = .exitError
    case ["2022-07-01", "telemetry"]: self = .subscribe(.telemetry)
    case ["2020-08-15", "logs"]: self = .subscribe(.logs)
    default: return nil
    }
  }

  var method: HTTPMethod {
    switch self {
    case .next: .GET
    case .register, .initializationError, .exitError: .POST
    case .subscribe: .PUT
    }
  }
}
