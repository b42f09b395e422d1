import Tracing
import XRayModel
import XRaySDK

/// What a span's name, attributes, events and links mean in X-Ray's terms.
///
/// The attributes are those of OpenTelemetry's semantic conventions, in their present and their former names.
/// What has no place in X-Ray's schema becomes an annotation when X-Ray can index it, or else metadata.
struct SpanDescription {
  private let span: XRaySpan.State
  private let kind: SpanKind
  private let isSegment: Bool
  private let configuration: RecorderConfiguration
  /// Attributes that have found no place yet.
  private var rest: [String: SpanAttribute] = [:]

  init(_ span: XRaySpan.State, kind: SpanKind, isSegment: Bool, configuration: RecorderConfiguration) {
    self.span = span
    self.kind = kind
    self.isSegment = isSegment
    self.configuration = configuration
    span.attributes.forEach { rest[$0] = $1 }
  }

  func apply(to entity: inout Entity) {
    var description = self
    description.describe(&entity)
  }

  private mutating func describe(_ entity: inout Entity) {
    if let user = take("enduser.id", "user.id") { entity.user = user }
    let rpcSystem = take("rpc.system")
    let service = take("rpc.service")
    let target = describeHTTP(&entity)
    describeSQL(&entity)
    if kind == .client, !isSegment {
      let isAWS = rpcSystem?.hasPrefix("aws") == true
      entity.namespace = isAWS ? CallNamespace.aws.rawValue : CallNamespace.remote.rawValue
      let peer = take("peer.service")
      entity.name = (isAWS ? service : peer ?? target) ?? span.operationName
      if isAWS { describeAWS(&entity) }
    } else if !isSegment || configuration.serviceName == nil {
      entity.name = span.operationName
    }
    if entity.name != span.operationName {
      entity.setMetadata("operation", .string(span.operationName), namespace: "span")
    }
    describeStatus(&entity)
    describeRest(&entity)
  }

  /// Answers the host that was called.
  private mutating func describeHTTP(_ entity: inout Entity) -> String? {
    let peer = take("server.address", "net.peer.name", "http.host")
    // Queries may hold secrets, so they are not recorded.
    _ = take("url.query")
    let full = take("url.full", "http.url").map(CallTarget.init(url:))
    let path = take("url.path", "http.target").map { String($0.prefix { $0 != "?" }) }
    let scheme = take("url.scheme", "http.scheme")
    var request = HTTPBlock.Request(method: take("http.request.method", "http.method"))
    request.url =
      full?.url ?? path.map { path in peer.map { "\(scheme ?? "http")://\($0)\(path)" } ?? path }
    request.userAgent = take("user_agent.original", "http.user_agent")
    request.clientIP = take("client.address", "http.client_ip", "network.peer.address", "net.sock.peer.addr")
    let status = takeInteger("http.response.status_code", "http.status_code")
    let length = takeInteger("http.response.body.size", "http.response_content_length")
    let host = peer ?? full?.host
    guard request != HTTPBlock.Request() || status != nil else { return host }
    entity.http = HTTPBlock(
      request: request == HTTPBlock.Request() ? nil : request,
      response: status.map { HTTPBlock.Response(status: $0, contentLength: length) })
    return host
  }

  private mutating func describeSQL(_ entity: inout Entity) {
    guard let system = take("db.system.name", "db.system") else { return }
    var query = SQLQuery(database: "", host: "", databaseType: system, text: take("db.query.text", "db.statement"))
    query.user = take("db.user")
    query.url = take("db.connection_string")
    entity.sql = query.block(withText: configuration.collectsSQLQueries)
  }

  private mutating func describeAWS(_ entity: inout Entity) {
    entity.aws["operation"] = take("rpc.method", "aws.operation").map { .string($0) }
    entity.aws["region"] = take("aws.region", "cloud.region").map { .string($0) }
    entity.aws["request_id"] = take("aws.request_id").map { .string($0) }
  }

  /// A status of 4xx is the caller's error, also where the program threw one to make it.
  private func describeStatus(_ entity: inout Entity) {
    switch entity.http?.response?.status {
    case 429?: (entity.isError, entity.isThrottle, entity.isFault) = (true, true, false)
    case (400..<500)?: (entity.isError, entity.isFault) = (true, false)
    case (500..<600)?: entity.isFault = true
    default: if span.status?.code == .error { entity.isFault = true }
    }
    if let message = span.status?.message {
      entity.setMetadata("status_message", .string(message), namespace: "span")
    }
  }

  private func describeRest(_ entity: inout Entity) {
    for (key, attribute) in rest.sorted(by: { $0.key < $1.key }) {
      if let value = AnnotationValue(json: attribute.json), isIndexable(key, value) {
        entity.annotate(key, value)
      } else {
        entity.setMetadata(key, attribute.json, namespace: "default")
      }
    }
    if !span.events.isEmpty { entity.setMetadata("events", .array(span.events.map(\.json)), namespace: "span") }
    if span.droppedEvents > 0 {
      entity.setMetadata("dropped_events", .number(JSONNumber(span.droppedEvents)), namespace: "span")
    }
    for link in span.links {
      guard let header = link.context.traceHeader else { continue }
      entity.links.append(TraceLink(traceID: header.root, id: header.parent, attributes: link.attributes.json))
    }
  }

  /// Takes the attribute out under the first of its names that is there.
  private mutating func take(_ names: String...) -> String? {
    for name in names {
      if case .string(let text)? = rest[name]?.json {
        rest[name] = nil
        return text
      }
    }
    return nil
  }

  private mutating func takeInteger(_ names: String...) -> Int? {
    for name in names {
      if let integer = rest[name]?.json.number?.integer {
        rest[name] = nil
        return integer
      }
    }
    return nil
  }
}

extension SpanAttribute {
  fileprivate var json: JSONValue {
    switch self {
    case .int32(let value): .number(JSONNumber(value))
    case .int64(let value): .number(JSONNumber(value))
    case .double(let value): .number(JSONNumber(value))
    case .bool(let value): .bool(value)
    case .string(let value): .string(value)
    case .stringConvertible(let value): .string(value.description)
    case .int32Array(let values): .array(values.map { .number(JSONNumber($0)) })
    case .int64Array(let values): .array(values.map { .number(JSONNumber($0)) })
    case .doubleArray(let values): .array(values.map { .number(JSONNumber($0)) })
    case .boolArray(let values): .array(values.map { .bool($0) })
    case .stringArray(let values): .array(values.map { .string($0) })
    case .stringConvertibleArray(let values): .array(values.map { .string($0.description) })
    default: .null
    }
  }
}

extension SpanAttributes {
  fileprivate var json: JSONObject {
    var members: [JSONObject.Member] = []
    forEach { members.append(.init(key: $0, value: $1.json)) }
    return JSONObject(members.sorted { $0.key < $1.key })
  }
}

extension SpanEvent {
  fileprivate var json: JSONValue {
    let time = XRayModel.Timestamp(ticks: Int64(nanosecondsSinceEpoch / 100))
    var object: JSONObject = ["name": .string(name), "time": .number(JSONNumber(time))]
    if !attributes.isEmpty { object["attributes"] = .object(attributes.json) }
    return .object(object)
  }
}
