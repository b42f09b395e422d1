import XRayModel

/// Reads OTLP's JSON, which differs from protobuf's own: ids are hexadecimal.
struct OTLPJSONReader {
  let limits: IntakeLimits
  private var spanCount = 0

  init(limits: IntakeLimits) { self.limits = limits }

  mutating func request(_ bytes: [UInt8]) throws(IntakeError) -> [SpanResource] {
    let json = try JSONValue(request: bytes)
    guard let object = json.object else { throw IntakeError(.malformed, "not an object", at: "request") }
    var resources: [SpanResource] = []
    let place = "resourceSpans"
    for (index, element) in try array(object["resourceSpans"], place).enumerated() {
      resources.append(try resource(element, "\(place)[\(index)]"))
    }
    return resources
  }

  private mutating func resource(_ json: JSONValue, _ place: String) throws(IntakeError) -> SpanResource {
    let json = try object(json, place)
    var resource = SpanResource()
    resource.attributes = try attributes(json["resource"], "\(place).resource")
    // Senders older than OTLP 0.9 called scopes libraries.
    let key = json["scopeSpans"] == nil ? "instrumentationLibrarySpans" : "scopeSpans"
    for (index, element) in try array(json[key], "\(place).\(key)").enumerated() {
      resource.scopes.append(try scope(element, "\(place).\(key)[\(index)]"))
    }
    return resource
  }

  private mutating func scope(_ json: JSONValue, _ place: String) throws(IntakeError) -> SpanScope {
    let json = try object(json, place)
    var scope = SpanScope()
    if let description = json["scope"] ?? json["instrumentationLibrary"] {
      scope.library.name = description["name"]?.string ?? ""
      scope.library.version = description["version"]?.string ?? ""
      scope.library.attributes = try attributes(description, "\(place).scope")
    }
    for (index, element) in try array(json["spans"], "\(place).spans").enumerated() {
      spanCount += 1
      guard spanCount <= limits.spans else {
        throw IntakeError(.tooLarge, "more than \(limits.spans) spans", at: "request")
      }
      scope.spans.append(try span(element, "\(place).spans[\(index)]"))
    }
    return scope
  }

  private func span(_ value: JSONValue, _ place: String) throws(IntakeError) -> ReceivedSpan {
    let json = try object(value, place)
    var span = ReceivedSpan()
    span.traceID = SentID(hex: json["traceId"]) { TraceID(w3c: $0) }
    span.id = SentID(hex: json["spanId"]) { EntityID($0) }
    span.parentID = SentID(hex: json["parentSpanId"]) { EntityID($0) }
    span.traceState = json["traceState"]?.string ?? ""
    span.name = json["name"]?.string ?? ""
    span.kind =
      json["kind"]?.string.map(SpanKind.init(name:))
      ?? json["kind"]?.number?.integer.flatMap(SpanKind.init(rawValue:)) ?? .unspecified
    span.start = try time(json["startTimeUnixNano"], "\(place).startTimeUnixNano")
    span.end = try time(json["endTimeUnixNano"], "\(place).endTimeUnixNano")
    span.attributes = try attributes(value, place)
    if let flags = json["flags"]?.unsigned { span.read(flags: flags) }
    span.dropEvents(json["droppedEventsCount"]?.unsigned ?? 0)
    span.dropLinks(json["droppedLinksCount"]?.unsigned ?? 0)
    for (index, element) in try array(json["events"], "\(place).events").enumerated() {
      guard index < limits.events else {
        span.dropEvents(1)
        continue
      }
      span.events.append(try event(element, "\(place).events[\(index)]"))
    }
    for (index, element) in try array(json["links"], "\(place).links").enumerated() {
      guard index < limits.events else {
        span.dropLinks(1)
        continue
      }
      span.links.append(try link(element, "\(place).links[\(index)]"))
    }
    if let status = json["status"] {
      span.status.message = status["message"]?.string ?? ""
      span.status.code = SpanStatus.Code(json: status["code"])
    }
    return span
  }

  private func event(_ value: JSONValue, _ place: String) throws(IntakeError) -> SpanEvent {
    let json = try object(value, place)
    return SpanEvent(
      time: try time(json["timeUnixNano"], "\(place).timeUnixNano"), name: json["name"]?.string ?? "",
      attributes: try attributes(value, place))
  }

  private func link(_ value: JSONValue, _ place: String) throws(IntakeError) -> SpanLink {
    let json = try object(value, place)
    return SpanLink(
      traceID: SentID(hex: json["traceId"]) { TraceID(w3c: $0) }, id: SentID(hex: json["spanId"]) { EntityID($0) },
      traceState: json["traceState"]?.string ?? "", attributes: try attributes(value, place))
  }

  // MARK: Values

  /// The members `attributes` and `droppedAttributesCount` of an object.
  private func attributes(_ json: JSONValue?, _ place: String) throws(IntakeError) -> AttributeList {
    var list = AttributeList()
    let place = "\(place).attributes"
    for (index, element) in try array(json?["attributes"], place).enumerated() {
      guard index < limits.attributes else {
        list.drop(1)
        continue
      }
      list.append(try attribute(element, "\(place)[\(index)]", 0), limit: limits.attributes)
    }
    list.drop(json?["droppedAttributesCount"]?.unsigned ?? 0)
    return list
  }

  private func attribute(_ json: JSONValue, _ place: String, _ depth: Int) throws(IntakeError) -> SpanAttribute {
    let json = try object(json, place)
    return SpanAttribute(key: json["key"]?.string ?? "", value: try value(json["value"], place, depth))
  }

  private func value(_ json: JSONValue?, _ place: String, _ depth: Int) throws(IntakeError) -> JSONValue {
    guard depth < limits.depth else {
      throw IntakeError(.tooDeep, "a value nested deeper than \(limits.depth)", at: place)
    }
    guard let json, json != .null else { return .null }
    guard let member = try object(json, place).members.first(where: { $0.key.hasSuffix("Value") && $0.value != .null })
    else { return .null }
    let value = member.value
    switch member.key {
    case "stringValue", "bytesValue": if value.string != nil { return value }
    case "boolValue": if value.bool != nil { return value }
    case "intValue":
      if let number = value.string.flatMap({ Int64($0) }) ?? value.number?.integer.map({ Int64($0) }) {
        return .number(JSONNumber(number))
      }
    case "doubleValue":
      if value.number != nil { return value }
      if let text = value.string, let number = Double(text) { return .number(JSONNumber(number)) }
    case "arrayValue":
      var elements: [JSONValue] = []
      for element in try array(value["values"], place) {
        elements.append(try self.value(element, place, depth + 1))
      }
      return .array(elements)
    case "kvlistValue":
      var members: [JSONObject.Member] = []
      for element in try array(value["values"], place) {
        let attribute = try attribute(element, place, depth + 1)
        members.append(JSONObject.Member(key: attribute.key, value: attribute.value))
      }
      return .object(JSONObject(members))
    default: return .null
    }
    throw IntakeError(.malformed, "\(member.key) is of another type", at: place)
  }

  private func time(_ json: JSONValue?, _ place: String) throws(IntakeError) -> UInt64 {
    guard let json, json != .null else { return 0 }
    guard let value = json.unsigned else {
      throw IntakeError(.malformed, "not a number of nanoseconds since 1970", at: place)
    }
    return value
  }

  private func array(_ json: JSONValue?, _ place: String) throws(IntakeError) -> [JSONValue] {
    guard let json, json != .null else { return [] }
    guard let array = json.array else { throw IntakeError(.malformed, "not an array", at: place) }
    return array
  }

  private func object(_ json: JSONValue, _ place: String) throws(IntakeError) -> JSONObject {
    guard let object = json.object else { throw IntakeError(.malformed, "not an object", at: place) }
    return object
  }
}

extension JSONValue {
  /// Reads a request's body.
  init(request bytes: [UInt8]) throws(IntakeError) {
    do throws(JSONError) {
      try self.init(parsing: bytes.span, allowsNonFinite: true)
    } catch {
      throw IntakeError(
        error.reason == .tooDeep ? .tooDeep : .malformed, "JSON \(error.reason.rawValue)", at: "byte \(error.offset)")
    }
  }

  /// A whole number of 64 bits without a sign, as a number or as text.
  var unsigned: UInt64? {
    guard let text = string ?? number?.text else { return nil }
    return UInt64(text) ?? number.flatMap { UInt64(exactly: $0.double) }
  }
}

extension SentID {
  /// From text; an empty one is absent.
  init(hex json: JSONValue?, _ read: (String) -> ID?) {
    guard let json, json != .null, json != "" else {
      self = .absent
      return
    }
    self = json.string.flatMap(read).map { .present($0) } ?? .malformed
  }
}

extension SpanStatus.Code {
  fileprivate init(json: JSONValue?) {
    switch json {
    case "STATUS_CODE_OK"?: self = .ok
    case "STATUS_CODE_ERROR"?: self = .error
    default: self = json?.number?.integer.flatMap(Self.init(rawValue:)) ?? .unset
    }
  }
}
