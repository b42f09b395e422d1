import NIOHTTP1

/// What the Extensions and Telemetry APIs answer when they do not take a request.
enum ExtensionError: Error, Hashable {
  case invalidName
  case missingIdentifier
  case invalidIdentifier
  case unknownIdentifier
  case missingErrorType
  case invalidRequest(String)
  case invalidEventType(String)
  case registrationClosed
  case tooMany
  case nameTaken
  case invalidStateTransition(from: String, to: String, name: String)
  case subscriptionClosed(TelemetryAPI)
  case validation(String)

  var status: HTTPResponseStatus { if case .validation = self { .badRequest } else { .forbidden } }

  var type: String {
    switch self {
    case .invalidName: "Extension.InvalidExtensionName"
    case .missingIdentifier: "Extension.MissingExtensionIdentifier"
    case .invalidIdentifier: "Extension.InvalidExtensionIdentifier"
    case .unknownIdentifier: "Extension.UnknownExtensionIdentifier"
    case .missingErrorType: "Extension.MissingHeader"
    case .invalidRequest: "InvalidRequestFormat"
    case .invalidEventType: "Extension.InvalidEventType"
    case .registrationClosed: "Extension.RegistrationClosed"
    case .tooMany: "Extension.TooManyExtensions"
    case .nameTaken, .invalidStateTransition: "Extension.InvalidExtensionState"
    case .subscriptionClosed(.telemetry): "Telemetry.SubscriptionClosed"
    case .subscriptionClosed(.logs): "Logs.SubscriptionClosed"
    case .validation: "ValidationError"
    }
  }

  var message: String {
    switch self {
    case .invalidName: "The extension's name is empty or too long"
    case .missingIdentifier: "The header Lambda-Extension-Identifier is missing"
    case .invalidIdentifier: "The header Lambda-Extension-Identifier is no UUID"
    case .unknownIdentifier: "No extension has this identifier"
    case .missingErrorType: "The header Lambda-Extension-Function-Error-Type is missing"
    case .invalidRequest(let reason), .invalidEventType(let reason), .validation(let reason): reason
    case .registrationClosed: "Extensions register before the environment is initialized"
    case .tooMany: "There are \(ExtensionRegistry.limit) extensions already"
    case .nameTaken: "An extension of this name is registered"
    case .invalidStateTransition(let from, let to, let name):
      "State transition from \(from) to \(to) failed for extension \(name). Error: State transition is not allowed"
    case .subscriptionClosed: "Extensions subscribe before the environment is initialized"
    }
  }
}
