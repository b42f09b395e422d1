import XRayModel

extension SpanMapping {
  /// The name of the service that sent the span.
  var serviceName: String {
    attributes["aws.local.service"]?.string.flatMap(\.asEntityName) ?? resource.serviceName ?? span.name.asEntityName
      ?? "span"
  }

  /// Names of segments are services, those of calls the services that are called, those of local work the spans' own.
  mutating func nameEntity() {
    switch shape {
    case .segment:
      entity.name = serviceName
      _ = attributes.text("aws.local.service", as: "name")
    case .local:
      entity.name = span.name.asEntityName ?? "span"
    case .call, .rootCall:
      entity.namespace = isAWS ? "aws" : "remote"
      entity.name = calleeName()?.asEntityName ?? span.name.asEntityName ?? "span"
    }
  }

  /// Whether it comes from our own export, whose spans have the names of their entities and which names the service
  /// of a call to AWS, and of no other.
  private var isExported: Bool { library.name == "aws.xray" }

  /// Whether a call goes to AWS itself.
  private var isAWS: Bool {
    if let system = attributes["rpc.system"] ?? attributes["rpc.system.name"] { return system == "aws-api" }
    return attributes.contains("aws.service")
      || isExported && attributes.contains("rpc.service")
  }

  private mutating func calleeName() -> String? {
    if isExported {
      _ = attributes.text("rpc.service", as: "name")
      return span.name
    }
    if let name = attributes.text("aws.remote.service", as: "name") {
      for prefix in ["AWS.SDK.", "AWS::"] where isAWS && name.hasPrefix(prefix) {
        return String(name.dropFirst(prefix.count))
      }
      return name
    }
    if let name = attributes.text("peer.service", "service.peer.name", as: "name") { return name }
    if let name = attributes.text("aws.service", as: "name") { return name }
    if isAWS {
      _ = attributes.text("rpc.system", "rpc.system.name", as: "namespace")
      if let name = attributes.text("rpc.service", as: "name") { return name }
      // New conventions say `DynamoDB/GetItem`, or only as the span's name `DynamoDB.GetItem`.
      let parts = (attributes["rpc.method"]?.string ?? span.name).split { $0 == "/" || $0 == "." }
      if parts.count == 2 { return String(parts[0]) }
    }
    if let database = attributes["db.name"]?.string ?? attributes["db.namespace"]?.string, !database.isEmpty {
      return databaseHost.map { "\(database)@\($0)" } ?? database
    }
    return attributes.text("rpc.service", as: "name") ?? peerHost
      ?? attributes.text("messaging.destination.name", "messaging.destination", as: "name")
      ?? attributes["messaging.system"]?.string ?? attributes["db.system.name"]?.string
      ?? attributes["db.system"]?.string
  }

  private var databaseHost: String? {
    if let text = attributes["db.connection_string"]?.string {
      return host(ofURL: text.hasPrefix("jdbc:") ? String(text.dropFirst(5)) : text)
    }
    return attributes["server.address"]?.string ?? attributes["net.peer.name"]?.string
  }

  /// The host that was called, as far as any attribute says so. It stays for the blocks that tell it in full.
  private var peerHost: String? {
    for key in ["http.host", "net.peer.name", "server.address"] {
      if let name = attributes[key]?.string, !name.isEmpty { return name }
    }
    return (attributes["url.full"] ?? attributes["http.url"])?.string.flatMap(host(ofURL:))
  }
}

/// The host of a URL, without user, port and brackets; `nil` when it has none.
func host(ofURL url: String) -> String? {
  let bytes = Array(url.utf8)
  guard
    let scheme = bytes.indices.dropLast(2).first(where: {
      bytes[$0] == UInt8(ascii: ":") && bytes[$0 + 1] == UInt8(ascii: "/") && bytes[$0 + 2] == UInt8(ascii: "/")
    })
  else { return nil }
  var authority = bytes[(scheme + 3)...].prefix { !"/?#;".utf8.contains($0) }
  if let at = authority.lastIndex(of: UInt8(ascii: "@")) { authority = authority[(at + 1)...] }
  let host =
    authority.first == UInt8(ascii: "[")
    ? authority.dropFirst().prefix { $0 != UInt8(ascii: "]") }
    : authority.prefix { $0 != UInt8(ascii: ":") }
  return host.isEmpty ? nil : String(decoding: host, as: UTF8.self)
}

extension String {
  /// With what X-Ray allows in names, 200 characters at most; `nil` when nothing is left.
  var asEntityName: String? {
    var name = String.UnicodeScalarView()
    var count = 0
    for scalar in unicodeScalars where scalar.isAllowedInNames {
      guard count < SegmentIndex.nameLengthLimit else { break }
      name.append(scalar)
      count += 1
    }
    return name.contains { $0 != " " } ? String(name) : nil
  }
}

extension Unicode.Scalar {
  /// Letters, numbers, blanks and `_ . : / % & # = + - @`.
  fileprivate var isAllowedInNames: Bool {
    switch self {
    case "a"..."z", "A"..."Z", "0"..."9", " ", "_", ".", ":", "/", "%", "&", "#", "=", "+", "-", "@": true
    case _ where isASCII: false
    default: properties.isAlphabetic || properties.numericType != nil
    }
  }
}
