/// A segment or a subsegment: one piece of work of one service, as X-Ray's documents describe it.
///
/// The same type is built by those who record, rendered into documents, and read back by those who compile
/// traces. What X-Ray's schema does not name is kept in ``other``.
public struct Entity: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable {
    case segment
    /// A subsegment: embedded in its parent, or sent on its own with `type`, `trace_id` and `parent_id`.
    case subsegment
  }

  public var kind: Kind
  public var id: EntityID
  /// `nil` only for embedded subsegments of SDKs that leave it out.
  public var name: String?
  /// `nil` in embedded subsegments, where it is implied.
  public var traceID: TraceID?
  /// Of a segment: the subsegment upstream that called it. Of a subsegment: its enclosing entity.
  public var parentID: EntityID?
  public var start: Timestamp
  /// `nil` while in progress.
  public var end: Timestamp?
  /// `aws` or `remote` for calls to other services; anything else is work of the service itself.
  public var namespace: String?
  /// The kind of resource that the segment ran on, such as `AWS::Lambda::Function`.
  public var origin: String?
  public var resourceARN: String?
  public var user: String?
  /// A client error, 4xx.
  public var isError = false
  /// A failure of the service, 5xx or an exception.
  public var isFault = false
  /// The request was throttled, 429.
  public var isThrottle = false
  public var http: HTTPBlock?
  public var cause: Cause?
  public var aws: JSONObject = [:]
  public var sql: JSONObject = [:]
  public var service: JSONObject = [:]
  /// Indexed values, by key, in the order in which they were set.
  public var annotations: [Annotation] = []
  /// Values that are kept but not indexed: `{namespace: {key: value}}`.
  public var metadata: JSONObject = [:]
  public var links: [TraceLink] = []
  public var precursorIDs: [EntityID] = []
  /// Made by the service for a downstream that sent no segment of its own.
  public var isInferred = false
  public var subsegments: [Entity] = []
  /// Members of no schema, and members whose value is not of the schema's type.
  public var other: JSONObject = [:]

  public init(
    _ kind: Kind, id: EntityID, name: String?, traceID: TraceID? = nil, parentID: EntityID? = nil,
    start: Timestamp, end: Timestamp? = nil
  ) {
    self.kind = kind
    self.id = id
    self.name = name
    self.traceID = traceID
    self.parentID = parentID
    self.start = start
    self.end = end
  }

  public var isInProgress: Bool { end == nil }
  /// Seconds from start to end; `nil` while in progress. Clocks that ran backwards count as 0.
  public var duration: Double? { end.map { max(0, start.duration(to: $0).inSeconds) } }
  /// Whether it describes a call to another service.
  public var isCall: Bool { namespace == "aws" || namespace == "remote" }

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
