import XRayModel

extension GatewayRequest {
  /// The event of Lambda's proxy integration.
  func event(_ header: TraceHeader) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("httpMethod", method)
      writer.member("path", path)
      writer.key("headers")
      writer.object { writer in
        writer.member("User-Agent", userAgent)
        writer.member("X-Forwarded-For", clientIP)
        writer.member(TraceHeader.httpName, header.description)
      }
      if !body.isEmpty { writer.member("body", String(decoding: body, as: UTF8.self)) }
      writer.member("isBase64Encoded", false)
    }
    return writer.bytes
  }
}

/// What a stage makes of the answer of a function.
struct ProxyAnswer {
  /// What the call of the function is shown with: the status that the function chose.
  var integrationStatus: Int
  var contentLength: Int
  var status: Int
  var body: [UInt8]

  init(_ result: InvocationResult) {
    let value = JSONValue(payload: result.payload)
    contentLength = result.payload.count
    if result.statusCode == 202 {
      (integrationStatus, status, body) = (200, 200, [])
    } else if result.functionError == nil, let code = value["statusCode"]?.number?.integer,
      (100...599).contains(code)
    {
      (integrationStatus, status) = (code, code)
      body = Array((value["body"]?.string ?? "").utf8)
    } else {
      // A failed function, or an answer of another form.
      (integrationStatus, status) = (result.functionError == nil ? 200 : 502, 502)
      body = Array(#"{"message":"Internal server error"}"#.utf8)
    }
  }

  init(_ error: LambdaError) {
    integrationStatus = error.statusCode
    contentLength = 0
    status = 500
    body = Array(#"{"message":"Internal server error"}"#.utf8)
  }
}

extension RandomSource {
  /// Fifteen characters of base 64 and `=`, the form of API Gateway's extended request ids.
  func extendedRequestID() -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    return String((0..<15).map { _ in alphabet[Int(next() >> 58)] }) + "="
  }
}
