import NIOHTTP1
import XRayModel

/// What the Runtime API answers when it does not take a request.
enum RuntimeAPIError: Error, Hashable {
  /// A request that does not belong where the runtime is: a second response, or one before an event.
  case invalidStateTransition(from: String, to: String)
  /// The request in the path is not the one that the runtime works on.
  case invalidRequestID
  case requestEntityTooLarge(limit: Int = bodyBytesLimit)
  case notFound
  case methodNotAllowed
  /// An extension's request.
  case refused(ExtensionError)

  /// Lambda: 6 MB and 100 bytes.
  static let bodyBytesLimit = 6_291_556

  var status: HTTPResponseStatus {
    switch self {
    case .invalidStateTransition: .forbidden
    case .invalidRequestID: .badRequest
    case .requestEntityTooLarge: .payloadTooLarge
    case .notFound: .notFound
    case .methodNotAllowed: .methodNotAllowed
    case .refused(let error): error.status
    }
  }

  private var type: String {
    switch self {
    case .invalidStateTransition: "InvalidStateTransition"
    case .invalidRequestID: "InvalidRequestID"
    case .requestEntityTooLarge: "RequestEntityTooLarge"
    case .notFound: "NotFound"
    case .methodNotAllowed: "MethodNotAllowed"
    case .refused(let error): error.type
    }
  }

  private var message: String {
    switch self {
    case .invalidStateTransition(let from, let to):
      "State transition from \(from) to \(to) failed for runtime. Error: State transition is not allowed"
    case .invalidRequestID: "Invalid request ID"
    case .requestEntityTooLarge(let limit): "Exceeded maximum allowed payload size (\(limit) bytes)."
    case .notFound: "There is nothing at this path"
    case .methodNotAllowed: "This path has another method"
    case .refused(let error): error.message
    }
  }

  /// `errorMessage` and `errorType`.
  var body: [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("errorMessage", message)
      writer.member("errorType", type)
    }
    return writer.bytes
  }
}
