extension Entity {
  /// Reads and validates a document.
  public init(document: Span<UInt8>) throws(SegmentRejection) {
    _ = try SegmentIndex(scanning: document)
    guard let entity = Entity(accepted: document) else { throw SegmentRejection(.parseError, detail: "not an object") }
    self = entity
  }

  /// Reads a document that was validated before, as those of a store were; `nil` for what is no document at all.
  public init?(accepted document: Span<UInt8>) {
    if let entity = document.withUnsafeBytes({ EntityReader.read($0) }) {
      self = entity
    } else {
      guard let object = try? JSONValue(parsing: document, allowsNonFinite: true).object else { return nil }
      self.init(json: object)
    }
  }

  /// Reads an entity from JSON: `nil` without an id or a start. Everything else may be missing or odd:
  /// a name, id or time that cannot be read is left out, other members of unexpected types are kept in ``other``.
  ///
  /// - Parameter kind: What it is; `nil` means that its own `type` says so.
  public init?(json: JSONObject, kind: Kind? = nil) {
    guard let id = json["id"]?.entityID, let start = json["start_time"]?.timestamp else { return nil }
    let ownKind: Kind = json["type"]?.string == "subsegment" ? .subsegment : .segment
    self.init(
      kind ?? ownKind, id: id, name: json["name"]?.string, traceID: json["trace_id"]?.string.flatMap { TraceID($0) },
      parentID: json["parent_id"]?.entityID, start: start,
      end: json["in_progress"]?.bool == true ? nil : json["end_time"]?.timestamp)
    // Written anew from what was read of them; kept besides, they could contradict it.
    var rest = JSONObject(json.members.filter { !Self.identifyingKeys.contains($0.key) })
    readDescription(&rest)
    other = rest
  }

  private static let identifyingKeys: Set<String> = [
    "id", "name", "trace_id", "parent_id", "type", "start_time", "end_time", "in_progress",
  ]

  private mutating func readDescription(_ json: inout JSONObject) {
    namespace = json.take("namespace", \.string)
    origin = json.take("origin", \.string)
    resourceARN = json.take("resource_arn", \.string)
    user = json.take("user", \.string)
    isError = json.take("error", \.bool) ?? false
    isFault = json.take("fault", \.bool) ?? false
    isThrottle = json.take("throttle", \.bool) ?? false
    isInferred = json.take("inferred", \.bool) ?? false
    http = json.take("http") { $0.object.map(HTTPBlock.init(json:)) }
    cause = json.take("cause", Cause.init(json:))
    aws = json.take("aws", \.object) ?? [:]
    sql = json.take("sql", \.object) ?? [:]
    service = json.take("service", \.object) ?? [:]
    metadata = json.take("metadata", \.object) ?? [:]
    annotations = json.take("annotations") { $0.object?.members.compactMap(Annotation.init(json:)) } ?? []
    links = json.take("links") { $0.array?.compactMap(TraceLink.init(json:)) } ?? []
    precursorIDs = json.take("precursor_ids") { $0.array?.compactMap(\.entityID) } ?? []
    subsegments =
      json.take("subsegments") { $0.array?.compactMap { $0.object.flatMap { Entity(json: $0, kind: .subsegment) } } }
      ?? []
  }
}

extension AnnotationValue {
  /// `nil` for arrays, objects and null, which cannot be indexed.
  public init?(json: JSONValue) {
    switch json {
    case .string(let value): self = .string(value)
    case .number(let value): self = .number(value)
    case .bool(let value): self = .boolean(value)
    case .null, .array, .object: return nil
    }
  }
}

extension Annotation {
  init?(json: JSONObject.Member) {
    guard let value = AnnotationValue(json: json.value) else { return nil }
    self.init(key: json.key, value: value)
  }
}

extension JSONValue {
  /// A number of seconds since 1970, exact to its seventh decimal; `nil` outside the years 1970 to 9999.
  public var timestamp: Timestamp? {
    guard let text = number?.text else { return nil }
    return Array(text.utf8).withUnsafeBufferPointer { Timestamp(decimal: $0) }
  }

  var entityID: EntityID? { string.flatMap { EntityID($0) } }
  fileprivate var integer: Int? { number?.integer }
  /// A whole number, also where it is sent as text.
  var lenientInteger: Int? { integer ?? string.flatMap { Int($0) } }
  fileprivate var strings: [String]? { array?.compactMap(\.string) }
}

extension HTTPBlock {
  fileprivate init(json: JSONObject) {
    var json = json
    request = json.take("request") { $0.object.map(Request.init(json:)) }
    response = json.take("response") { $0.object.map(Response.init(json:)) }
    other = json
  }
}

extension HTTPBlock.Request {
  fileprivate init(json: JSONObject) {
    var json = json
    method = json.take("method", \.string)
    url = json.take("url", \.string)
    userAgent = json.take("user_agent", \.string)
    clientIP = json.take("client_ip", \.string)
    isForwarded = json.take("x_forwarded_for", \.bool)
    isTraced = json.take("traced", \.bool)
    other = json
  }
}

extension HTTPBlock.Response {
  fileprivate init(json: JSONObject) {
    var json = json
    status = json.take("status", \.lenientInteger)
    contentLength = json.take("content_length", \.lenientInteger)
    other = json
  }
}

extension Cause {
  /// `nil` for what is neither an id nor an object.
  public init?(json: JSONValue) {
    switch json {
    case .string(let id): self = .reference(id)
    case .object(let object): self = .exceptions(CauseDetail(json: object))
    default: return nil
    }
  }
}

extension CauseDetail {
  fileprivate init(json: JSONObject) {
    var json = json
    workingDirectory = json.take("working_directory", \.string)
    paths = json.take("paths", \.strings) ?? []
    message = json.take("message", \.string)
    exceptions = json.take("exceptions") { $0.array?.compactMap { $0.object.map(CapturedException.init(json:)) } } ?? []
    other = json
  }
}

extension CapturedException {
  fileprivate init(json: JSONObject) {
    var json = json
    id = json.take("id", \.string)
    message = json.take("message", \.string)
    type = json.take("type", \.string)
    isRemote = json.take("remote", \.bool)
    truncated = json.take("truncated", \.integer)
    skipped = json.take("skipped", \.integer)
    cause = json.take("cause", \.string)
    stack = json.take("stack") { $0.array?.map(StackFrame.init(json:)) } ?? []
    other = json
  }
}

extension StackFrame {
  fileprivate init(json: JSONValue) {
    path = json["path"]?.string
    line = json["line"]?.lenientInteger
    label = json["label"]?.string
  }
}

extension TraceLink {
  init?(json: JSONValue) {
    guard let traceID = json["trace_id"]?.string.flatMap({ TraceID($0) }) else { return nil }
    self.init(traceID: traceID, id: json["id"]?.entityID, attributes: json["attributes"]?.object ?? [:])
  }
}
