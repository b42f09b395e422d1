public import NIOHTTP1

/// A request, complete with its body.
public struct HTTPRequest: Sendable {
  public var method: HTTPMethod
  /// The path below the endpoint's own, with the query: begins with `/` and is percent-encoded where needed.
  public var path: String
  /// `Host` and `Content-Length` are added by the client.
  public var headers: HTTPHeaders
  public var body: [UInt8]

  public init(_ method: HTTPMethod = .GET, path: String, headers: HTTPHeaders = [:], body: [UInt8] = []) {
    self.method = method
    self.path = path
    self.headers = headers
    self.body = body
  }

  /// Whether nothing in the path or a header would end its line or begin another part of the message.
  var isWellFormed: Bool {
    path.first == "/" && path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
      && headers.allSatisfy { name, value in
        !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
          && value.utf8.allSatisfy { ($0 >= 0x20 || $0 == UInt8(ascii: "\t")) && $0 != 0x7F }
      }
  }

  /// What goes over the wire before the body.
  func head(for endpoint: HTTPEndpoint) -> HTTPRequestHead {
    var headers = headers
    if !headers.contains(name: "Host") { headers.add(name: "Host", value: endpoint.authority) }
    headers.remove(name: "Transfer-Encoding")
    headers.remove(name: "Content-Length")
    if !body.isEmpty || [.POST, .PUT, .PATCH].contains(method) {
      headers.add(name: "Content-Length", value: String(body.count))
    }
    return HTTPRequestHead(version: .http1_1, method: method, uri: endpoint.basePath + path, headers: headers)
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
