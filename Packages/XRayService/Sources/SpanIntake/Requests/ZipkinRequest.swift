import XRayModel

/// What a Zipkin reporter sends to `/api/v2/spans`: a JSON array of spans, taken as if they were OpenTelemetry's.
public struct ZipkinRequest: Sendable {
  let resources: [SpanResource]

  /// Spans in the request.
  public var spanCount: Int { resources.reduce(0) { $0 + $1.spanCount } }

  /// Reads the JSON form of version 2. Times are microseconds, ids 16 or 32 hexadecimal digits; those of traces may be
  /// shorter, as old reporters cut leading zeros.
  public init(json bytes: [UInt8], limits: IntakeLimits = IntakeLimits()) throws(IntakeError) {
    try limits.check(bytes: bytes.count)
    guard let elements = try JSONValue(request: bytes).array else {
      throw IntakeError(.malformed, "not an array", at: "request")
    }
    guard elements.count <= limits.spans else {
      throw IntakeError(.tooLarge, "more than \(limits.spans) spans", at: "request")
    }
    var spans: [ZipkinSpan] = []
    spans.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      guard let object = element.object else { throw IntakeError(.malformed, "not an object", at: "span [\(index)]") }
      spans.append(ZipkinSpan(object, limits: limits))
    }
    resources = Self.grouped(spans)
  }

  /// The spans by service.
  ///
  /// A server that shares its span with the caller has the caller's id, and so have all that receive one message.
  /// X-Ray's ids are unique, so each of them gets an id of its own, below the caller's; the spans that it encloses
  /// follow it, as far as they are in this request.
  private static func grouped(_ spans: [ZipkinSpan]) -> [SpanResource] {
    let servers = SharedServers(spans)
    var resources: [SpanResource] = []
    var places: [AttributeList: Int] = [:]
    for zipkin in spans {
      var span = zipkin.span
      if zipkin.isShared {
        span.parentID = span.id
        span.id = zipkin.ownID
      } else if let server = servers.enclosing(zipkin) {
        span.parentID = server
      }
      let place = places[zipkin.resource] ?? resources.count
      if place == resources.count {
        places[zipkin.resource] = place
        resources.append(SpanResource(attributes: zipkin.resource, scopes: [SpanScope()]))
      }
      resources[place].scopes[0].spans.append(span)
    }
    return resources
  }
}

/// The servers of a request that share their callers' ids.
private struct SharedServers {
  private struct Key: Hashable {
    var trace: SentID<TraceID>
    var id: SentID<EntityID>
    var resource: AttributeList
  }
  private var ids: [Key: SentID<EntityID>] = [:]

  init(_ spans: [ZipkinSpan]) {
    for server in spans where server.isShared {
      let key = Key(trace: server.span.traceID, id: server.span.id, resource: server.resource)
      if ids[key] == nil { ids[key] = server.ownID }
    }
  }

  /// The id of the server of the same service that encloses a span.
  func enclosing(_ span: ZipkinSpan) -> SentID<EntityID>? {
    ids.isEmpty ? nil : ids[Key(trace: span.span.traceID, id: span.span.parentID, resource: span.resource)]
  }
}

/// One Zipkin span as a span of ours.
private struct ZipkinSpan {
  var span = ReceivedSpan()
  var resource = AttributeList()
  /// Whether it has the id of its caller's span.
  var isShared: Bool

  /// An id for a span that shares one. It follows from when it began, which tells apart those that share.
  var ownID: SentID<EntityID> {
    span.id.value.map { .present($0.derived(Int(truncatingIfNeeded: span.start))) } ?? span.id
  }

  init(_ json: JSONObject, limits: IntakeLimits) {
    isShared = json["shared"]?.bool == true && json["kind"] == "SERVER"
    span.traceID = SentID(hex: json["traceId"]) { text in
      text.utf8.count > 32 ? nil : TraceID(w3c: String(repeating: "0", count: 32 - text.utf8.count) + text)
    }
    span.id = SentID(hex: json["id"], Self.id)
    span.parentID = SentID(hex: json["parentId"], Self.id)
    span.name = json["name"]?.string ?? ""
    span.kind = json["kind"]?.string.map(SpanKind.init(name:)) ?? .internal
    if span.kind == .consumer { span.isParentRemote = true }
    let start = json["timestamp"]?.unsigned ?? 0
    span.start = Self.nanoseconds(start)
    if let duration = json["duration"]?.unsigned, start > 0 {
      span.end = Self.nanoseconds(start.addingReportingOverflow(duration).overflow ? .max : start + duration)
    }
    readEndpoints(json, limits)
    readTags(json, limits)
  }

  private static func id(_ text: String) -> EntityID? {
    text.utf8.count > 16 ? nil : EntityID(String(repeating: "0", count: 16 - text.utf8.count) + text)
  }

  private static func nanoseconds(_ microseconds: UInt64) -> UInt64 {
    let (value, overflow) = microseconds.multipliedReportingOverflow(by: 1_000)
    return overflow ? .max : value
  }

  private mutating func readEndpoints(_ json: JSONObject, _ limits: IntakeLimits) {
    for (member, key) in [("serviceName", "service.name"), ("ipv4", "host.ip"), ("ipv6", "host.ipv6")] {
      // Anything but text and numbers could nest at any depth.
      guard let value = json["localEndpoint"]?[member]?.string, !value.isEmpty else { continue }
      resource.append(SpanAttribute(key: key, value: .string(value)), limit: limits.attributes)
    }
    if let port = json["localEndpoint"]?["port"], port != 0 { append("net.host.port", port, limits) }
    let remote = json["remoteEndpoint"]
    for (member, key) in [("serviceName", "peer.service"), ("ipv4", "net.peer.ip"), ("port", "net.peer.port")] {
      guard let value = remote?[member], value != "", value != 0 else { continue }
      append(key, value, limits)
    }
    if remote?["ipv4"] == nil, let address = remote?["ipv6"], address != "" { append("net.peer.ip", address, limits) }
  }

  /// Adds an attribute. Zipkin's values are texts and numbers; what else somebody sends, to any depth, becomes text.
  private mutating func append(_ key: String, _ value: JSONValue, _ limits: IntakeLimits) {
    let isPlain = value.array == nil && value.object == nil
    let attribute = SpanAttribute(key: key, value: isPlain ? value : .string(value.rendered()))
    span.attributes.append(attribute, limit: limits.attributes)
  }

  /// Tags are attributes whose values are texts; `error` is the status, annotations are events.
  private mutating func readTags(_ json: JSONObject, _ limits: IntakeLimits) {
    for tag in json["tags"]?.object?.members ?? [] {
      if tag.key == "error", let message = tag.value.string, message != "false" {
        span.status = SpanStatus(code: .error, message: message == "true" ? "" : message)
      } else {
        append(tag.key, tag.value, limits)
      }
    }
    for annotation in json["annotations"]?.array ?? [] {
      guard span.events.count < limits.events else {
        span.dropEvents(1)
        continue
      }
      span.events.append(
        SpanEvent(
          time: Self.nanoseconds(annotation["timestamp"]?.unsigned ?? 0), name: annotation["value"]?.string ?? ""))
    }
    if json["debug"]?.bool == true {
      append("zipkin.debug", true, limits)
    }
  }
}
