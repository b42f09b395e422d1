/// What a call of the API answers: an HTTP status, and XML.
public struct IAMResponse: Hashable, Sendable {
  public var status: Int
  /// UTF-8, of the type ``contentType``.
  public var body: [UInt8]
  /// For the header `x-amzn-RequestId`; it is in the body, too.
  public var requestID: String

  public static let contentType = "text/xml"

  /// A result in its envelope. `result` is `nil` for actions that have none to tell.
  init(action: String, namespace: String, requestID: String, result: XMLWriter?) {
    var xml = XMLWriter()
    xml.element("\(action)Response", namespace: namespace) { xml in
      if let result { xml.element("\(action)Result", containing: result) }
      xml.element("ResponseMetadata") { $0.element("RequestId", requestID) }
    }
    self.init(status: 200, body: xml.bytes, requestID: requestID)
  }

  /// A refusal.
  init(_ error: IAMError, namespace: String, requestID: String) {
    var xml = XMLWriter()
    xml.element("ErrorResponse", namespace: namespace) { xml in
      xml.element("Error") { xml in
        xml.element("Type", error.code == .serviceFailure ? "Receiver" : "Sender")
        xml.element("Code", error.code.rawValue)
        xml.element("Message", error.message)
      }
      xml.element("RequestId", requestID)
    }
    self.init(status: error.code.status, body: xml.bytes, requestID: requestID)
  }

  private init(status: Int, body: [UInt8], requestID: String) {
    self.status = status
    self.body = body
    self.requestID = requestID
  }
}
