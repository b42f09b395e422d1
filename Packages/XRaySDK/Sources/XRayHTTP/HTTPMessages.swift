public import NIOCore
public import NIOHTTP1

/// A request, complete with its body.
public struct HTTPRequest: Sendable {
  public var method: HTTPMethod
  /// The path below the endpoint's own, with the query: begins with `/` and is percent-encoded where needed.
  public var path: String
  /// `Host` and `Content-Length` are added by the client.
  public var headers: HTTPHeaders
  /// Sent without a further copy.
  public var body: ByteBuffer

  public init(_ method: HTTPMethod = .GET, path: String, headers: HTTPHeaders = [:], body: ByteBuffer) {
    self.method = method
    self.path = path
    self.headers = headers
    self.body = body
  }

  /// Copies `body` once; the other initializer takes it as it is.
  public init(_ method: HTTPMethod = .GET, path: String, headers: HTTPHeaders = [:], body: [UInt8] = []) {
    self.init(method, path: path, headers: headers, body: body.isEmpty ? ByteBuffer() : ByteBuffer(bytes: body))
  }

  /// Whether nothing in the path or a header would end its line or begin another part of the message.
  var isWellFormed: Bool {
    path.utf8.first == UInt8(ascii: "/") && path.hasOnly { $0 > 0x20 && $0 < 0x7F }
      && headers.allSatisfy { name, value in
        !name.isEmpty && name.hasOnly { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
          && value.hasOnly { ($0 >= 0x20 || $0 == UInt8(ascii: "\t")) && $0 != 0x7F }
      }
  }

  /// What goes over the wire before the body.
  func head(for endpoint: HTTPEndpoint, authority: String, through transport: HTTPTransport) -> HTTPRequestHead {
    var headers = headers
    if !headers.contains(name: "Host") { headers.add(name: "Host", value: authority) }
    headers.remove(name: "Transfer-Encoding")
    headers.remove(name: "Content-Length")
    if body.readableBytes > 0 || method.hasBody {
      headers.add(name: "Content-Length", value: String(body.readableBytes))
    }
    for (name, value) in transport.headers { headers.add(name: name, value: value) }
    let base = transport.namesWholeURL ? endpoint.description : endpoint.basePath
    return HTTPRequestHead(version: .http1_1, method: method, uri: base + path, headers: headers)
  }
}

extension String {
  /// Whether all bytes are such: over the bytes in memory, since each request's headers have hundreds.
  fileprivate func hasOnly(_ condition: (UInt8) -> Bool) -> Bool {
    var text = self
    return text.withUTF8 { $0.allSatisfy(condition) }
  }
}

extension HTTPMethod {
  /// Whether requests say how long their body is, also when there is none.
  fileprivate var hasBody: Bool {
    switch self {
    case .POST, .PUT, .PATCH: true
    default: false
    }
  }
}

/// A response, complete with its body.
public struct HTTPResponse: Sendable {
  public var status: Int
  public var headers: HTTPHeaders
  public var body: [UInt8]

  public init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}
