/// What a call of the query protocol answers: an HTTP status, and XML.
public struct QueryResponse: Hashable, Sendable {
  /// 200, or 400 and more for a refusal.
  public var status: Int
  /// UTF-8, of the type ``contentType``.
  public var body: [UInt8]
  /// For the header `x-amzn-RequestId`; it is in the body, too.
  public var requestID: String

  /// The value of the header `Content-Type`.
  public static let contentType = "text/xml"

  /// A result in its envelope: `<ActionResponse><ActionResult>…</ActionResult><ResponseMetadata>…`.
  ///
  /// - Parameters:
  ///   - action: A name that XML takes as it is.
  ///   - namespace: The service's, with its version.
  ///   - result: `nil` for actions that have none to tell.
  public init(action: String, namespace: String, requestID: String, result: XMLWriter?) {
    var xml = XMLWriter()
    xml.element("\(action)Response", namespace: namespace) { xml in
      if let result { xml.element("\(action)Result", containing: result) }
      xml.element("ResponseMetadata") { $0.element("RequestId", requestID) }
    }
    self.init(status: 200, body: xml.bytes, requestID: requestID)
  }

  /// A refusal: `<ErrorResponse><Error>…</Error><RequestId>…`.
  public init(_ refusal: QueryRefusal, namespace: String, requestID: String) {
    var xml = XMLWriter()
    xml.element("ErrorResponse", namespace: namespace) { xml in
      xml.element("Error") { xml in
        xml.element("Type", refusal.isSendersFault ? "Sender" : "Receiver")
        xml.element("Code", refusal.code)
        xml.element("Message", refusal.message)
      }
      xml.element("RequestId", requestID)
    }
    self.init(status: refusal.status, body: xml.bytes, requestID: requestID)
  }

  private init(status: Int, body: [UInt8], requestID: String) {
    self.status = status
    self.body = body
    self.requestID = requestID
  }
}

/// A refusal of any service, as the envelope tells it.
public struct QueryRefusal: Hashable, Sendable {
  /// The service's name for it, such as `NoSuchEntity`.
  public var code: String
  /// For people.
  public var message: String
  /// 400 to 599.
  public var status: Int

  /// A refusal of the parts given.
  public init(code: String, message: String, status: Int) {
    self.code = code
    self.message = message
    self.status = status
  }

  /// Whether the caller is to blame, and not the service.
  public var isSendersFault: Bool { status < 500 }
}
