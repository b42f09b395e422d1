import XRayModel

/// Reads `ExportTraceServiceRequest` and the messages in it. The field numbers are those of OTLP 1.x, which may gain
/// fields but never changes them.
struct OTLPProtobufReader {
  let limits: IntakeLimits
  private var spanCount = 0

  init(limits: IntakeLimits) { self.limits = limits }

  mutating func request(_ message: WireReader) throws(IntakeError) -> [SpanResource] {
    var message = message
    var resources: [SpanResource] = []
    while let field = try message.next() {
      if field.number == 1 { resources.append(try resource(message.message(field.value))) }
    }
    return resources
  }

  private mutating func resource(_ message: WireReader) throws(IntakeError) -> SpanResource {
    var message = message
    var resource = SpanResource()
    while let field = try message.next() {
      switch field.number {
      case 1:
        var description = try message.message(field.value)
        while let field = try description.next() {
          switch field.number {
          case 1:
            resource.attributes.append(try attribute(description.message(field.value), 0), limit: limits.attributes)
          case 2: resource.attributes.drop(try description.number(field.value))
          default: break
          }
        }
      case 2: resource.scopes.append(try scope(message.message(field.value)))
      default: break
      }
    }
    return resource
  }

  private mutating func scope(_ message: WireReader) throws(IntakeError) -> SpanScope {
    var message = message
    var scope = SpanScope()
    while let field = try message.next() {
      switch field.number {
      case 1:
        var description = try message.message(field.value)
        while let field = try description.next() {
          switch field.number {
          case 1: scope.library.name = try description.text(field.value)
          case 2: scope.library.version = try description.text(field.value)
          case 3:
            scope.library.attributes.append(
              try attribute(description.message(field.value), 0), limit: limits.attributes)
          case 4: scope.library.attributes.drop(try description.number(field.value))
          default: break
          }
        }
      case 2:
        spanCount += 1
        guard spanCount <= limits.spans else {
          throw IntakeError(.tooLarge, "more than \(limits.spans) spans", at: "request")
        }
        scope.spans.append(try span(message.message(field.value)))
      default: break
      }
    }
    return scope
  }

  private func span(_ message: WireReader) throws(IntakeError) -> ReceivedSpan {
    var message = message
    var span = ReceivedSpan()
    while let field = try message.next() {
      switch field.number {
      case 1: span.traceID = SentID(bytes: try message.data(field.value))
      case 2: span.id = SentID(bytes: try message.data(field.value))
      case 3: span.traceState = try message.text(field.value)
      case 4: span.parentID = SentID(bytes: try message.data(field.value))
      case 5: span.name = try message.text(field.value)
      case 6: span.kind = SpanKind(rawValue: Int(clamping: try message.number(field.value))) ?? .unspecified
      case 7: span.start = try message.number(field.value)
      case 8: span.end = try message.number(field.value)
      case 9: span.attributes.append(try attribute(message.message(field.value), 0), limit: limits.attributes)
      case 10: span.attributes.drop(try message.number(field.value))
      case 11:
        let event = try event(message.message(field.value))
        if span.events.count < limits.events { span.events.append(event) } else { span.dropEvents(1) }
      case 12: span.dropEvents(try message.number(field.value))
      case 13:
        let link = try link(message.message(field.value))
        if span.links.count < limits.events { span.links.append(link) } else { span.dropLinks(1) }
      case 14: span.dropLinks(try message.number(field.value))
      case 15: span.status = try status(message.message(field.value))
      case 16: span.read(flags: try message.number(field.value))
      default: break
      }
    }
    return span
  }

  private func event(_ message: WireReader) throws(IntakeError) -> SpanEvent {
    var message = message
    var event = SpanEvent()
    while let field = try message.next() {
      switch field.number {
      case 1: event.time = try message.number(field.value)
      case 2: event.name = try message.text(field.value)
      case 3: event.attributes.append(try attribute(message.message(field.value), 0), limit: limits.attributes)
      case 4: event.attributes.drop(try message.number(field.value))
      default: break
      }
    }
    return event
  }

  private func link(_ message: WireReader) throws(IntakeError) -> SpanLink {
    var message = message
    var link = SpanLink()
    while let field = try message.next() {
      switch field.number {
      case 1: link.traceID = SentID(bytes: try message.data(field.value))
      case 2: link.id = SentID(bytes: try message.data(field.value))
      case 3: link.traceState = try message.text(field.value)
      case 4: link.attributes.append(try attribute(message.message(field.value), 0), limit: limits.attributes)
      case 5: link.attributes.drop(try message.number(field.value))
      default: break
      }
    }
    return link
  }

  private func status(_ message: WireReader) throws(IntakeError) -> SpanStatus {
    var message = message
    var status = SpanStatus()
    while let field = try message.next() {
      switch field.number {
      case 2: status.message = try message.text(field.value)
      case 3: status.code = SpanStatus.Code(rawValue: Int(clamping: try message.number(field.value))) ?? .unset
      default: break
      }
    }
    return status
  }

  // MARK: Values

  private func attribute(_ message: WireReader, _ depth: Int) throws(IntakeError) -> SpanAttribute {
    var message = message
    var attribute = SpanAttribute(key: "", value: .null)
    while let field = try message.next() {
      switch field.number {
      case 1: attribute.key = try message.text(field.value)
      case 2: attribute.value = try value(message.message(field.value), depth)
      default: break
      }
    }
    return attribute
  }

  private func value(_ message: WireReader, _ depth: Int) throws(IntakeError) -> JSONValue {
    guard depth < limits.depth else {
      throw IntakeError(.tooDeep, "a value nested deeper than \(limits.depth)", at: message.fail("").place)
    }
    var message = message
    var result = JSONValue.null
    while let field = try message.next() {
      switch field.number {
      case 1: result = .string(try message.text(field.value))
      case 2: result = .bool(try message.number(field.value) != 0)
      case 3: result = .number(JSONNumber(Int64(bitPattern: try message.number(field.value))))
      case 4: result = .number(JSONNumber(Double(bitPattern: try message.number(field.value))))
      case 5: result = .array(try array(message.message(field.value), depth + 1))
      case 6: result = .object(try object(message.message(field.value), depth + 1))
      case 7: result = .string(base64(try message.data(field.value)))
      default: break
      }
    }
    return result
  }

  private func array(_ message: WireReader, _ depth: Int) throws(IntakeError) -> [JSONValue] {
    var message = message
    var elements: [JSONValue] = []
    while let field = try message.next() {
      if field.number == 1 { elements.append(try value(message.message(field.value), depth)) }
    }
    return elements
  }

  private func object(_ message: WireReader, _ depth: Int) throws(IntakeError) -> JSONObject {
    var message = message
    var members: [JSONObject.Member] = []
    while let field = try message.next() {
      guard field.number == 1 else { continue }
      let attribute = try attribute(message.message(field.value), depth)
      members.append(JSONObject.Member(key: attribute.key, value: attribute.value))
    }
    return JSONObject(members)
  }
}

extension ReceivedSpan {
  mutating func dropEvents(_ count: UInt64) { droppedEvents = droppedEvents.addingSaturating(Int(clamping: count)) }
  mutating func dropLinks(_ count: UInt64) { droppedLinks = droppedLinks.addingSaturating(Int(clamping: count)) }
}

extension SentID {
  fileprivate init(bytes: ArraySlice<UInt8>, count: Int, _ read: (ArraySlice<UInt8>) -> ID) {
    self = bytes.isEmpty ? .absent : bytes.count == count ? .present(read(bytes)) : .malformed
  }
}

extension SentID<TraceID> {
  fileprivate init(bytes: ArraySlice<UInt8>) {
    self.init(bytes: bytes, count: 16) { bytes in
      let high = bigEndian(bytes.prefix(8))
      return TraceID(
        epoch: UInt32(truncatingIfNeeded: high >> 32), high: UInt32(truncatingIfNeeded: high),
        low: bigEndian(bytes.suffix(8)))
    }
  }
}

extension SentID<EntityID> {
  fileprivate init(bytes: ArraySlice<UInt8>) {
    self.init(bytes: bytes, count: 8) { EntityID(rawValue: bigEndian($0)) }
  }
}

private func bigEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

/// Base64 with padding, as protobuf's JSON has bytes.
func base64(_ bytes: ArraySlice<UInt8>) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var text: [UInt8] = []
  text.reserveCapacity((bytes.count + 2) / 3 * 4)
  var rest = bytes
  while !rest.isEmpty {
    let group = rest.prefix(3)
    rest = rest.dropFirst(3)
    let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
    for place in 0..<4 {
      let digit = Int(bits >> UInt32(18 - 6 * place) & 63)
      text.append(place <= group.count ? alphabet[digit] : UInt8(ascii: "="))
    }
  }
  return String(decoding: text, as: UTF8.self)
}
