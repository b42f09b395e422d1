import XRayModel

extension SpanMapping {
  /// Keeps what has no place of its own: attributes as annotations or metadata, everything else as metadata.
  mutating func keepRest() {
    let listed = attributes.take(["aws.xray.annotations"], as: "annotations") { json in
      json.array.map { Set($0.compactMap(\.string)) }
    }
    takeNamespaces()
    var rest: [JSONObject.Member] = []
    let wanted = options.indexedAttributes.union(listed ?? [])
    // What is asked for comes first, for there is room for so many only.
    let entries =
      wanted.isEmpty
      ? attributes.entries
      : attributes.entries.filter { wanted.contains($0.key) } + attributes.entries.filter { !wanted.contains($0.key) }
    var keys: Set<String> = []
    for entry in entries {
      let isWanted = wanted.contains(entry.key)
      if let target = entry.target { fates.append((entry.key, .mapped(to: target))) }
      if entry.target != nil, !isWanted { continue }
      if isWanted || options.indexesAllAttributes && listed == nil, annotate(entry, &keys) { continue }
      guard entry.target == nil else { continue }
      if entry.value == .null {
        fates.append((entry.key, .dropped("no value")))
      } else {
        rest.append(JSONObject.Member(key: entry.key, value: entry.value.storable))
        fates.append((entry.key, .metadata))
      }
    }
    fates += attributes.replaced.map { ($0, .dropped($0.isEmpty ? "no key" : "repeated key")) }
    if !rest.isEmpty { entity.metadata.merge(JSONObject(rest), into: "default") }
    if shape.isSegment, !resource.metadata.isEmpty { entity.metadata.merge(resource.metadata, into: "otel.resource") }
    let facts = facts()
    if !facts.isEmpty { entity.metadata.merge(facts, into: "otel") }
  }

  /// Makes an annotation of an attribute, if X-Ray can index its value and there is room.
  private mutating func annotate(_ entry: SpanAttributes.Entry, _ keys: inout Set<String>) -> Bool {
    guard let value = AnnotationValue(json: entry.value), value.isIndexable,
      entity.annotations.count < IntakeOptions.annotationsLimit,
      entry.key.utf8.count <= IntakeOptions.annotationKeyLimit
    else { return false }
    let key = entry.key.asAnnotationKey
    // Two keys that differ only in characters that cannot be indexed: the later one is not lost, it is metadata.
    guard keys.insert(key).inserted else { return false }
    entity.annotations.append(Annotation(key: key, value: value))
    fates.append((entry.key, key == entry.key ? .annotation : .renamedAnnotation))
    return true
  }

  /// Levels of metadata: in a trace they lie many levels deep already, and readers bound their nesting.
  private static var depthLimit: Int { 32 }

  /// `aws.xray.metadata.<namespace>` holds the JSON text of a namespace.
  private mutating func takeNamespaces() {
    let prefix = "aws.xray.metadata."
    for entry in attributes.entries where entry.key.hasPrefix(prefix) {
      let object = attributes.take([entry.key], as: "metadata") { json in
        json.string.flatMap { try? JSONValue(parsing: $0) }.flatMap {
          $0.isNested(deeperThan: Self.depthLimit) ? nil : $0.object
        }
      }
      if let object { entity.metadata.merge(object, into: String(entry.key.dropFirst(prefix.count))) }
    }
  }

  /// What spans have and documents have not.
  private mutating func facts() -> JSONObject {
    var facts = JSONObject()
    if span.name != entity.name { facts.set("span_name", span.name.isEmpty ? nil : span.name) }
    if span.kind != shape.impliedKind { facts.set("kind", span.kind.name) }
    if !library.name.isEmpty { facts.set("scope", library.name) }
    if !library.version.isEmpty { facts.set("scope_version", library.version) }
    if !library.attributes.items.isEmpty { facts["scope_attributes"] = .object(library.attributes.kept) }
    if !span.traceState.isEmpty { facts.set("trace_state", span.traceState) }
    if span.status.code == .ok { facts.set("status", "OK") }
    if entity.end.map({ $0 < entity.start }) == true { facts["ends_before_start"] = true }
    let events = events()
    if !events.isEmpty { facts["events"] = .array(events) }
    for (key, count) in [
      ("dropped_attributes", span.attributes.dropped), ("dropped_events", span.droppedEvents),
      ("dropped_links", span.droppedLinks),
    ] where count > 0 {
      facts[key] = .number(JSONNumber(count))
      fates.append(("(\(key))", .dropped("left out by the sender or beyond limits")))
    }
    return facts
  }

  /// Events, but for what became the cause.
  private mutating func events() -> [JSONValue] {
    var exceptions = 0
    var kept: [JSONValue] = []
    for event in span.events {
      if event.isException { exceptions += 1 }
      let isCause = event.isException && exceptions <= IntakeOptions.exceptionsLimit && entity.cause != nil
      var list = event.attributes
      if isCause { list.items.removeAll { Self.isInCause($0) } }
      fates.append(("event:\(event.name)", isCause ? .mapped(to: "cause") : .metadata))
      guard !isCause || !list.items.isEmpty else { continue }
      var object: JSONObject = [
        "name": .string(event.name), "time": .number(JSONNumber(Timestamp(nanoseconds: event.time))),
      ]
      if !list.items.isEmpty { object["attributes"] = .object(list.kept) }
      kept.append(.object(object))
    }
    return kept
  }

  /// Whether the cause says it; that an exception did not escape, which Python always adds, needs no words.
  private static func isInCause(_ attribute: SpanAttribute) -> Bool {
    switch attribute.key {
    case "exception.type", "exception.message", "exception.stacktrace": true
    case "exception.escaped": attribute.value == false || attribute.value == "False"
    default: false
    }
  }
}

extension AttributeList {
  /// As an object; of repeated keys the last one.
  fileprivate var kept: JSONObject {
    JSONObject(SpanAttributes(items).entries.map { JSONObject.Member(key: $0.key, value: $0.value.storable) })
  }
}

extension JSONObject {
  /// Adds members to the object `namespace`, in place of those of the same keys; it is made when it is missing.
  fileprivate mutating func merge(_ members: JSONObject, into namespace: String) {
    let keys = Set(members.keys)
    let others = (self[namespace]?.object?.members ?? []).filter { !keys.contains($0.key) }
    self[namespace] = .object(JSONObject(others + members.members))
  }
}

extension AnnotationValue {
  /// Whether X-Ray's limits allow it.
  fileprivate var isIndexable: Bool {
    switch self {
    case .boolean: true
    case .number(let number): number.isFinite
    case .string(let text): text.utf8.count <= IntakeOptions.annotationTextLimit
    }
  }
}

extension String {
  /// With `_` for everything but `A-Z a-z 0-9 _ .`, which are the characters that filter expressions can name.
  fileprivate var asAnnotationKey: String {
    func isAllowed(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
        true
      default: false
      }
    }
    if utf8.allSatisfy(isAllowed) { return self }
    return String(
      String.UnicodeScalarView(
        unicodeScalars.map { $0.isASCII && isAllowed(UInt8(truncatingIfNeeded: $0.value)) ? $0 : "_" }))
  }
}
