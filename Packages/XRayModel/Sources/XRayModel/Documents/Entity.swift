/// A segment or a subsegment: one piece of work of one service, as X-Ray's documents describe it.
///
/// The same type is built by those who record, rendered into documents, and read back by those who compile
/// traces. What X-Ray's schema does not name is kept in ``other``. A copy costs a reference until it is changed.
public struct Entity: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable {
    case segment
    /// A subsegment: embedded in its parent, or sent on its own with `type`, `trace_id` and `parent_id`.
    case subsegment
  }

  private var storage: EntityStorage

  public var kind: Kind {
    get { storage.fields.kind }
    _modify { yield &fields.kind }
  }
  public var id: EntityID {
    get { storage.fields.id }
    _modify { yield &fields.id }
  }
  /// `nil` only for embedded subsegments of SDKs that leave it out.
  public var name: String? {
    get { storage.fields.name }
    _modify { yield &fields.name }
  }
  /// `nil` in embedded subsegments, where it is implied.
  public var traceID: TraceID? {
    get { storage.fields.traceID }
    _modify { yield &fields.traceID }
  }
  /// Of a segment: the subsegment upstream that called it. Of a subsegment: its enclosing entity.
  public var parentID: EntityID? {
    get { storage.fields.parentID }
    _modify { yield &fields.parentID }
  }
  public var start: Timestamp {
    get { storage.fields.start }
    _modify { yield &fields.start }
  }
  /// `nil` while in progress.
  public var end: Timestamp? {
    get { storage.fields.end }
    _modify { yield &fields.end }
  }
  /// `aws` or `remote` for calls to other services; anything else is work of the service itself.
  public var namespace: String? {
    get { storage.fields.namespace }
    _modify { yield &fields.namespace }
  }
  /// The kind of resource that the segment ran on, such as `AWS::Lambda::Function`.
  public var origin: String? {
    get { storage.fields.origin }
    _modify { yield &fields.origin }
  }
  public var resourceARN: String? {
    get { storage.fields.resourceARN }
    _modify { yield &fields.resourceARN }
  }
  public var user: String? {
    get { storage.fields.user }
    _modify { yield &fields.user }
  }
  /// A client error, 4xx.
  public var isError: Bool {
    get { storage.fields.isError }
    _modify { yield &fields.isError }
  }
  /// A failure of the service, 5xx or an exception.
  public var isFault: Bool {
    get { storage.fields.isFault }
    _modify { yield &fields.isFault }
  }
  /// The request was throttled, 429.
  public var isThrottle: Bool {
    get { storage.fields.isThrottle }
    _modify { yield &fields.isThrottle }
  }
  public var http: HTTPBlock? {
    get { storage.fields.http }
    _modify { yield &fields.http }
  }
  public var cause: Cause? {
    get { storage.fields.cause }
    _modify { yield &fields.cause }
  }
  public var aws: JSONObject {
    get { storage.fields.aws }
    _modify { yield &fields.aws }
  }
  public var sql: JSONObject {
    get { storage.fields.sql }
    _modify { yield &fields.sql }
  }
  public var service: JSONObject {
    get { storage.fields.service }
    _modify { yield &fields.service }
  }
  /// Indexed values, by key, in the order in which they were set.
  public var annotations: [Annotation] {
    get { storage.fields.annotations }
    _modify { yield &fields.annotations }
  }
  /// Values that are kept but not indexed: `{namespace: {key: value}}`.
  public var metadata: JSONObject {
    get { storage.fields.metadata }
    _modify { yield &fields.metadata }
  }
  public var links: [TraceLink] {
    get { storage.fields.links }
    _modify { yield &fields.links }
  }
  public var precursorIDs: [EntityID] {
    get { storage.fields.precursorIDs }
    _modify { yield &fields.precursorIDs }
  }
  /// Made by the service for a downstream that sent no segment of its own.
  public var isInferred: Bool {
    get { storage.fields.isInferred }
    _modify { yield &fields.isInferred }
  }
  public var subsegments: [Entity] {
    get { storage.fields.subsegments }
    _modify { yield &fields.subsegments }
  }
  /// Members of no schema, and members whose value is not of the schema's type.
  public var other: JSONObject {
    get { storage.fields.other }
    _modify { yield &fields.other }
  }

  public init(
    _ kind: Kind, id: EntityID, name: String?, traceID: TraceID? = nil, parentID: EntityID? = nil,
    start: Timestamp, end: Timestamp? = nil
  ) {
    storage = EntityStorage(
      EntityFields(kind: kind, id: id, name: name, traceID: traceID, parentID: parentID, start: start, end: end))
  }

  /// Takes the one reference to `storage`.
  init(_ storage: EntityStorage) { self.storage = storage }

  /// Everything, to be changed: a copy that others share is left alone.
  private var fields: EntityFields {
    get { storage.fields }
    _modify {
      if !isKnownUniquelyReferenced(&storage) { storage = EntityStorage(storage.fields) }
      yield &storage.fields
    }
  }

  public var isInProgress: Bool { end == nil }
  /// Seconds from start to end; `nil` while in progress. Clocks that ran backwards count as 0.
  public var duration: Double? { end.map { max(0, start.duration(to: $0).inSeconds) } }
  /// Whether it describes a call to another service.
  public var isCall: Bool { namespace == "aws" || namespace == "remote" }

  /// `http.response.status`, without a copy of the block.
  package var status: Int? { storage.fields.http?.response?.status }
  /// `http.request.traced`, without a copy of the block.
  package var isRequestTraced: Bool? { storage.fields.http?.request?.isTraced }

  /// Whether this version, which came later, replaces `other`, an earlier one with the same id.
  ///
  /// What is complete stays: a late in-progress version undoes nothing, and the first of two complete ones counts.
  public func supersedes(_ other: Entity) -> Bool { other.isInProgress }

  /// Calls `visit` for this entity and every subsegment in it, parents first.
  public func forEach(_ visit: (Entity) -> Void) {
    visit(self)
    for subsegment in subsegments { subsegment.forEach(visit) }
  }

  /// The value of an annotation.
  public func annotation(_ key: String) -> AnnotationValue? { annotations.last { $0.key == key }?.value }

  /// Sets an annotation, in the place of an earlier one with the same key.
  public mutating func annotate(_ key: String, _ value: AnnotationValue) {
    if let index = annotations.lastIndex(where: { $0.key == key }) {
      annotations[index].value = value
    } else {
      annotations.append(Annotation(key: key, value: value))
    }
  }
}

/// An indexed value of an entity.
public struct Annotation: Hashable, Sendable {
  public var key: String
  public var value: AnnotationValue
  public init(key: String, value: AnnotationValue) {
    self.key = key
    self.value = value
  }
}

/// Annotations are typed: the text "45" and the number 45 are different values.
public enum AnnotationValue: Hashable, Sendable {
  case string(String)
  case number(JSONNumber)
  case boolean(Bool)

  public var json: JSONValue {
    switch self {
    case .string(let value): .string(value)
    case .number(let value): .number(value)
    case .boolean(let value): .bool(value)
    }
  }
}

extension AnnotationValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
  public init(floatLiteral value: Double) { self = .number(JSONNumber(value)) }
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
}

/// A link from an entity to a segment in another trace, as between a queue's producer and its consumer.
public struct TraceLink: Hashable, Sendable {
  public var traceID: TraceID
  public var id: EntityID?
  public var attributes: JSONObject

  public init(traceID: TraceID, id: EntityID?, attributes: JSONObject = [:]) {
    self.traceID = traceID
    self.id = id
    self.attributes = attributes
  }
}
