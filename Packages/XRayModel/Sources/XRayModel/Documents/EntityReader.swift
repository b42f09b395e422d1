/// Reads an entity straight from the bytes of a document.
///
/// It gives up on what hardly any document holds: members that are repeated or not of their schema's type.
/// ``Entity/init(json:kind:)`` knows what becomes of those, and whatever this reads, that reads the same.
struct EntityReader {
  private var cursor: JSONCursor

  /// `nil` for what has to be read as JSON first.
  static func read(_ document: UnsafeRawBufferPointer) -> Entity? {
    var reader = EntityReader(cursor: JSONCursor(document))
    reader.cursor.allowsNonFinite = true
    guard let entity = try? reader.entity(.segment, depth: 0), (try? reader.cursor.finish()) != nil else { return nil }
    return entity
  }

  /// Members of one object that were met.
  private struct Seen {
    private var keys: UInt64 = 0

    @inline(__always)
    mutating func insert(_ key: MemberKey) -> Bool {
      let bit: UInt64 = 1 &<< UInt64(key.rawValue)
      defer { keys |= bit }
      return key == .other || keys & bit == 0
    }

    func contains(_ key: MemberKey) -> Bool { keys & 1 &<< UInt64(key.rawValue) != 0 }
  }

  // MARK: Entities

  private mutating func entity(_ kind: Entity.Kind, depth: Int) throws(JSONError) -> Entity {
    let storage = EntityStorage(EntityFields(kind: kind, id: .notSampled, start: Timestamp(ticks: 0)))
    var rest: [JSONObject.Member] = []
    var isInProgress = false
    let seen = try members(depth) { (reader, key, token) throws(JSONError) in
      if key == .inProgress {
        isInProgress = try reader.flag()
      } else if try !reader.readIdentity(key, of: &storage.fields, depth + 1),
        try !reader.readDescription(key, of: &storage.fields, depth + 1)
      {
        rest.append(try reader.member(token, depth + 1))
      }
    }
    guard seen.contains(.id), seen.contains(.start) else { throw odd }
    if isInProgress { storage.fields.end = nil }
    if !rest.isEmpty { storage.fields.other = JSONObject(rest.lastOfEachKey) }
    return Entity(storage)
  }

  private mutating func readIdentity(
    _ key: MemberKey, of fields: inout EntityFields, _ depth: Int
  ) throws(JSONError) -> Bool {
    switch key {
    case .id:
      guard let id = try entityID() else { throw odd }
      fields.id = id
    case .name: fields.name = try text()
    case .traceID:
      if let token = try string() { fields.traceID = cursor.withBytes(token) { TraceID($0) } }
    case .parentID: fields.parentID = try entityID()
    case .type:
      // An embedded one is a subsegment whatever it says.
      if depth == 1, let token = try string(), cursor.text(token, is: "subsegment") { fields.kind = .subsegment }
      if depth > 1 { try cursor.skipValue(depth: depth) }
    case .start:
      guard let start = try time() else { throw odd }
      fields.start = start
    case .end: fields.end = try time()
    case .subsegments: fields.subsegments = try subsegments(depth)
    default: return false
    }
    return true
  }

  private mutating func readDescription(
    _ key: MemberKey, of fields: inout EntityFields, _ depth: Int
  ) throws(JSONError) -> Bool {
    switch key {
    case .namespace: fields.namespace = try text()
    case .origin: fields.origin = try text()
    case .resourceARN: fields.resourceARN = try text()
    case .user: fields.user = try text()
    case .error: fields.isError = try flag()
    case .fault: fields.isFault = try flag()
    case .throttle: fields.isThrottle = try flag()
    case .inferred: fields.isInferred = try flag()
    case .http: if try !null() { fields.http = try http(depth) }
    case .aws: if try !null() { fields.aws = try cursor.object(depth: depth) }
    case .sql: if try !null() { fields.sql = try cursor.object(depth: depth) }
    case .service: if try !null() { fields.service = try cursor.object(depth: depth) }
    case .metadata: if try !null() { fields.metadata = try cursor.object(depth: depth) }
    case .annotations: if try !null() { fields.annotations = try annotations(depth) }
    case .cause:
      let json = try cursor.value(depth: depth)
      fields.cause = Cause(json: json)
      if fields.cause == nil, json != .null { throw odd }
    case .links: fields.links = try elements(depth, TraceLink.init(json:))
    case .precursorIDs: fields.precursorIDs = try elements(depth, \.entityID)
    default: return false
    }
    return true
  }

  private mutating func subsegments(_ depth: Int) throws(JSONError) -> [Entity] {
    if try null() { return [] }
    try cursor.open(UInt8(ascii: "["), depth: depth)
    if try cursor.isEmpty(until: UInt8(ascii: "]")) { return [] }
    var entities: [Entity] = []
    repeat {
      entities.append(try entity(.subsegment, depth: depth + 1))
    } while try cursor.continues(until: UInt8(ascii: "]"))
    return entities
  }

  // MARK: Blocks

  private mutating func http(_ depth: Int) throws(JSONError) -> HTTPBlock {
    var block = HTTPBlock()
    var rest: [JSONObject.Member] = []
    try members(depth) { (reader, key, token) throws(JSONError) in
      switch key {
      case .request: if try !reader.null() { block.request = try reader.request(depth + 1) }
      case .response: if try !reader.null() { block.response = try reader.response(depth + 1) }
      default: rest.append(try reader.member(token, depth + 1))
      }
    }
    if !rest.isEmpty { block.other = JSONObject(rest.lastOfEachKey) }
    return block
  }

  private mutating func request(_ depth: Int) throws(JSONError) -> HTTPBlock.Request {
    var request = HTTPBlock.Request()
    var rest: [JSONObject.Member] = []
    try members(depth) { (reader, key, token) throws(JSONError) in
      switch key {
      case .method: request.method = try reader.text()
      case .url: request.url = try reader.text()
      case .userAgent: request.userAgent = try reader.text()
      case .clientIP: request.clientIP = try reader.text()
      case .isForwarded: if try !reader.null() { request.isForwarded = try reader.flag() }
      case .traced: if try !reader.null() { request.isTraced = try reader.flag() }
      default: rest.append(try reader.member(token, depth + 1))
      }
    }
    if !rest.isEmpty { request.other = JSONObject(rest.lastOfEachKey) }
    return request
  }

  private mutating func response(_ depth: Int) throws(JSONError) -> HTTPBlock.Response {
    var response = HTTPBlock.Response()
    var rest: [JSONObject.Member] = []
    try members(depth) { (reader, key, token) throws(JSONError) in
      switch key {
      case .status: response.status = try reader.integer(depth + 1)
      case .contentLength: response.contentLength = try reader.integer(depth + 1)
      default: rest.append(try reader.member(token, depth + 1))
      }
    }
    if !rest.isEmpty { response.other = JSONObject(rest.lastOfEachKey) }
    return response
  }

  private mutating func annotations(_ depth: Int) throws(JSONError) -> [Annotation] {
    let members = try cursor.object(depth: depth).members
    return members.compactMap(Annotation.init(json:))
  }

  // MARK: Members

  private var odd: JSONError { cursor.fail(.unexpectedByte) }

  /// Passes the members of an object, once each, and tells which there were.
  @discardableResult @inline(__always)
  private mutating func members(
    _ depth: Int, _ read: (inout EntityReader, MemberKey, JSONCursor.StringToken) throws(JSONError) -> Void
  ) throws(JSONError) -> Seen {
    var seen = Seen()
    try cursor.open(UInt8(ascii: "{"), depth: depth)
    if try cursor.isEmpty(until: UInt8(ascii: "}")) { return seen }
    repeat {
      let token = try cursor.key()
      let key = MemberKey(token, in: cursor)
      guard seen.insert(key) else { throw odd }
      try read(&self, key, token)
    } while try cursor.continues(until: UInt8(ascii: "}"))
    return seen
  }

  private mutating func member(_ key: JSONCursor.StringToken, _ depth: Int) throws(JSONError) -> JSONObject.Member {
    JSONObject.Member(key: cursor.text(key), value: try cursor.value(depth: depth))
  }

  /// Passes a null, if there is one.
  @inline(__always)
  private mutating func null() throws(JSONError) -> Bool {
    guard try cursor.peek() == UInt8(ascii: "n") else { return false }
    try cursor.literal("null")
    return true
  }

  private mutating func string() throws(JSONError) -> JSONCursor.StringToken? {
    try null() ? nil : try cursor.string()
  }

  private mutating func text() throws(JSONError) -> String? {
    try string().map { cursor.text($0) }
  }

  private mutating func entityID() throws(JSONError) -> EntityID? {
    try string().flatMap { cursor.withBytes($0) { EntityID($0) } }
  }

  /// A boolean; a null is a `false`.
  private mutating func flag() throws(JSONError) -> Bool {
    switch try cursor.peek() {
    case UInt8(ascii: "t"):
      try cursor.literal("true")
      return true
    case UInt8(ascii: "f"):
      try cursor.literal("false")
      return false
    default:
      guard try null() else { throw odd }
      return false
    }
  }

  private mutating func time() throws(JSONError) -> Timestamp? {
    if try null() { return nil }
    guard try cursor.peek() != UInt8(ascii: "\"") else { throw odd }
    let range = try cursor.number()
    return Timestamp(decimal: UnsafeBufferPointer(start: cursor.base + range.lowerBound, count: range.count))
  }

  /// A whole number, also where it is sent as text.
  private mutating func integer(_ depth: Int) throws(JSONError) -> Int? {
    let json = try cursor.value(depth: depth)
    guard json != .null else { return nil }
    guard let value = json.lenientInteger else { throw odd }
    return value
  }

  /// What can be read of the elements of an array.
  private mutating func elements<Element>(
    _ depth: Int, _ read: (JSONValue) -> Element?
  ) throws(JSONError) -> [Element] {
    let json = try cursor.value(depth: depth)
    guard let elements = json.array ?? (json == .null ? [] : nil) else { throw odd }
    return elements.compactMap(read)
  }
}
