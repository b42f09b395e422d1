import LambdaEmitter
import XRayModel

/// Why a call was refused, as the API tells it.
struct APIError: Error, Hashable {
  /// The exception's name without its ending `Exception`.
  enum Kind: String {
    case invalidParameterValue = "InvalidParameterValue"
    case invalidRequestContent = "InvalidRequestContent"
    case requestTooLarge = "RequestTooLarge"
    case resourceConflict = "ResourceConflict"
    case resourceNotFound = "ResourceNotFound"
    case preconditionFailed = "PreconditionFailed"
    case codeStorageExceeded = "CodeStorageExceeded"
    case aliasLimitExceeded = "AliasLimitExceeded"
    case tooManyRequests = "TooManyRequests"
    case service = "Service"
    case unknownOperation = "UnknownOperation"

    var status: Int {
      switch self {
      case .invalidParameterValue, .invalidRequestContent, .codeStorageExceeded, .aliasLimitExceeded: 400
      case .resourceNotFound, .unknownOperation: 404
      case .resourceConflict: 409
      case .preconditionFailed: 412
      case .requestTooLarge: 413
      case .tooManyRequests: 429
      case .service: 500
      }
    }

    /// Lambda's model writes this member in two ways.
    var messageKey: String {
      switch self {
      case .resourceNotFound, .service, .unknownOperation: "Message"
      default: "message"
      }
    }
  }

  var kind: Kind
  var message: String
  /// Of `tooManyRequests` only.
  var reason: String?

  init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  init(_ error: LambdaError) {
    let kind: Kind =
      switch error.code {
      case .invalidParameterValue: .invalidParameterValue
      case .invalidRequestContent: .invalidRequestContent
      case .requestTooLarge: .requestTooLarge
      case .resourceConflict: .resourceConflict
      case .resourceNotFound: .resourceNotFound
      case .tooManyRequests: .tooManyRequests
      case .service: .service
      }
    self.init(kind, error.message)
    reason = error.reason?.rawValue
  }

  init(_ error: ZipError) {
    switch error.reason {
    case .tooLarge: self.init(.invalidParameterValue, error.detail)
    case .empty: self.init(.invalidParameterValue, "Uploaded file must be a non-empty zip")
    case .cannotWrite: self.init(.service, "The code could not be stored: \(error.detail)")
    case .malformed, .unsupported, .badPath, .corrupt:
      self.init(
        .invalidParameterValue,
        "Could not unzip uploaded file. Please check your file, then try to upload again. (\(error.detail))")
    }
  }

  var type: String { kind.rawValue + "Exception" }

  /// `Type`, the message, and for throttled calls the reason.
  var body: [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("Type", kind.status >= 500 ? "Service" : "User")
      writer.member(kind.messageKey, message)
      if let reason { writer.member("Reason", reason) }
    }
    return writer.bytes
  }

  static func invalid(_ message: String) -> APIError { APIError(.invalidParameterValue, message) }

  /// A member that breaks a rule of the service's model.
  static func violation(_ name: String, _ value: String?, _ rule: String) -> APIError {
    let value = value.map { "Value '\($0.prefix(200))'" } ?? "Value null"
    return .invalid("1 validation error detected: \(value) at '\(name)' failed to satisfy constraint: \(rule)")
  }
}

/// Runs what throws an error of the emulation and translates that.
func translating<Result>(_ body: () throws(LambdaError) -> Result) throws(APIError) -> Result {
  do throws(LambdaError) { return try body() } catch { throw APIError(error) }
}
