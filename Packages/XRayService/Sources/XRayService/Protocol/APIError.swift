/// What the service answers in place of a result: a status, the name of an exception, a message.
///
/// Shapes and statuses: X-Ray's service model; those without an entry there follow what all AWS services do.
public struct APIError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The exception's name, as clients know it.
  public var type: String
  /// 400 to 599.
  public var status: Int
  public var message: String
  /// What a `ResourceNotFoundException` and a `TooManyTagsException` are about.
  public var resourceName: String?

  /// An exception of the parts given.
  public init(type: String, status: Int = 400, message: String, resourceName: String? = nil) {
    self.type = type
    self.status = status
    self.message = message
    self.resourceName = resourceName
  }

  public var description: String { "\(type): \(message)" }

  /// The request breaks a rule of the operation.
  public static func invalidRequest(_ message: String) -> APIError {
    APIError(type: "InvalidRequestException", message: message)
  }

  /// The body is not the JSON object that the operation takes, or a member has another type.
  static func serialization(_ message: String) -> APIError {
    APIError(type: "SerializationException", message: message)
  }

  static func notFound(_ message: String, resource: String) -> APIError {
    APIError(type: "ResourceNotFoundException", status: 404, message: message, resourceName: resource)
  }
}
