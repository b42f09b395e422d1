import XRayModel

extension SpanMapping {
  private static var marks: [String] {
    [
      "http.request.method", "http.method", "http.response.status_code", "http.status_code", "url.full", "http.url",
      "url.path", "http.target", "http.path", "user_agent.original", "http.user_agent", "http.client_ip", "http.host",
      "http.server_name", "client.address", "http.response.body.size",
    ]
  }

  /// The `http` block: the request that was served or sent. Addresses alone make none.
  mutating func mapHTTP() {
    guard Self.marks.contains(where: { attributes.contains($0) }) else { return }
    var request = HTTPBlock.Request()
    request.method = attributes.text("http.request.method", "http.method", as: "http.request.method")
    request.url = url()
    request.userAgent = attributes.text("user_agent.original", "http.user_agent", as: "http.request.user_agent")
    mapClient(of: &request)
    var response = HTTPBlock.Response()
    response.status = attributes.integer(
      "http.response.status_code", "http.status_code", as: "http.response.status")
    response.contentLength = attributes.integer(
      "http.response.body.size", "http.response_content_length", as: "http.response.content_length")
    if response.contentLength == nil {
      response.contentLength = attributes.take(
        ["http.response.header.content-length"], as: "http.response.content_length"
      ) { json in json.array?.count == 1 ? json[0]?.string.flatMap { Int($0) } : nil }
    }
    let hasRequest = request != HTTPBlock.Request()
    let hasResponse = response != HTTPBlock.Response()
    guard hasRequest || hasResponse else { return }
    entity.http = HTTPBlock(request: hasRequest ? request : nil, response: hasResponse ? response : nil)
  }

  /// Who sent a request that was served.
  private mutating func mapClient(of request: inout HTTPBlock.Request) {
    let target = "http.request.client_ip"
    let peerKeys = ["network.peer.address", "net.sock.peer.addr", "net.peer.ip"]
    let peer = peerKeys.compactMap { attributes[$0]?.string }.first
    let isOriginal = attributes.contains("http.client_ip")
    if let client = attributes.text("http.client_ip", "client.address", as: target) {
      request.clientIP = client
      // The old name meant the client behind all proxies; of the new one only another address than that of the
      // connection can have come from a header.
      if peer.map({ $0 != client }) ?? isOriginal { request.isForwarded = true }
    } else if span.kind == .server {
      request.clientIP = attributes.take(peerKeys, as: target, \.string)
    }
  }

  /// The whole URL, put together from its parts where it is not given.
  private mutating func url() -> String? {
    let target = "http.request.url"
    if let url = attributes.text("url.full", "http.url", as: target) {
      _ = attributes.text("url.path", "http.target", "http.path", as: target)
      _ = attributes.text("url.query", as: target)
      _ = attributes.text("url.scheme", "http.scheme", as: target)
      return url
    }
    let path = attributes.text("http.target", "url.path", "http.path", as: target)
    let host = host(as: target)
    guard path != nil || host != nil else { return nil }
    var url = host ?? ""
    if host != nil {
      let scheme = attributes.text("url.scheme", "http.scheme", as: target) ?? "http"
      let port = port(as: target)
      url = "\(scheme)://\(url)"
      if let port, !(scheme == "http" && port == 80 || scheme == "https" && port == 443) { url += ":\(port)" }
    }
    url += path ?? "/"
    if let query = attributes.text("url.query", as: target), !url.contains("?") { url += "?\(query)" }
    return url
  }

  private mutating func host(as target: String) -> String? {
    if let host = attributes.text("http.host", as: target) { return host }
    return span.kind == .server
      ? attributes.text("server.address", "http.server_name", "net.host.name", as: target)
      : attributes.text("server.address", "net.peer.name", "network.peer.address", "net.peer.ip", as: target)
  }

  /// Only where the host did not bring its own.
  private mutating func port(as target: String) -> Int? {
    guard !attributes.contains("http.host") else { return nil }
    return span.kind == .server
      ? attributes.integer("server.port", "net.host.port", as: target)
      : attributes.integer("server.port", "net.peer.port", as: target)
  }
}
