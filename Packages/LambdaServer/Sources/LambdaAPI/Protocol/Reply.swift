import NIOCore
import NIOHTTP1
import XRayModel

import struct DaemonServer.DaemonServer

/// What an operation answers.
struct Reply {
  var status = 200
  var headers: [(name: String, value: String)] = []
  var body: [UInt8] = []
  var contentType = "application/json"

  init(status: Int = 200) { self.status = status }

  /// A JSON object.
  init(status: Int = 200, _ members: (inout JSONWriter) -> Void) {
    self.status = status
    var writer = JSONWriter()
    writer.object(members)
    body = writer.bytes
  }

  /// One JSON value.
  static func value(status: Int = 200, _ write: (inout JSONWriter) -> Void) -> Reply {
    var reply = Reply(status: status)
    var writer = JSONWriter()
    write(&writer)
    reply.body = writer.bytes
    return reply
  }

  init(_ error: APIError) {
    self.init(status: error.kind.status)
    headers = [("x-amzn-ErrorType", error.type)]
    // The emulation's throttles last until something ends; a second is what Lambda's clients wait at least.
    if error.kind == .tooManyRequests { headers.append(("Retry-After", "1")) }
    body = error.body
  }

  func response(requestID: String) -> DaemonServer.Application.Response {
    var headers = HTTPHeaders()
    if !body.isEmpty { headers.add(name: "Content-Type", value: contentType) }
    for (name, value) in self.headers { headers.add(name: name, value: value) }
    if !headers.contains(name: "x-amzn-RequestId") { headers.add(name: "x-amzn-RequestId", value: requestID) }
    return DaemonServer.Application.Response(
      status: HTTPResponseStatus(statusCode: status), headers: headers, body: ByteBuffer(bytes: body))
  }
}
