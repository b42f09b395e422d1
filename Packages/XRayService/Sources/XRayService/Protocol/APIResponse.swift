import XRayModel

/// The answer to a call.
public struct APIResponse: Hashable, Sendable {
  /// 200, or that of the error.
  public var status: Int
  /// The exception's name, for the header `x-amzn-ErrorType`.
  public var errorType: String?
  /// JSON.
  public var body: [UInt8]
  /// What went wrong within the service, for its log: callers are not told.
  public var failure: String?

  init(_ result: JSONWriter) {
    status = 200
    body = result.bytes
  }

  /// The error in the form that AWS's clients take.
  public init(_ error: APIError) {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("Message", error.message)
      if let resource = error.resourceName { writer.member("ResourceName", resource) }
    }
    status = error.status
    errorType = error.type
    body = writer.bytes
  }

  /// A fault of the service, not of the call.
  init(failure: any Error) {
    self.init(APIError(type: "InternalFailure", status: 500, message: "The service failed; its log tells why"))
    self.failure = "\(failure)"
  }
}
