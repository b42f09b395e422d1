/// What an ``Entity`` holds: its properties, by the same names.
struct EntityFields: Hashable, Sendable {
  var kind: Entity.Kind
  var id: EntityID
  var name: String?
  var traceID: TraceID?
  var parentID: EntityID?
  var start: Timestamp
  var end: Timestamp?
  var namespace: String?
  var origin: String?
  var resourceARN: String?
  var user: String?
  var isError = false
  var isFault = false
  var isThrottle = false
  var http: HTTPBlock?
  var cause: Cause?
  var aws = JSONObject()
  var sql = JSONObject()
  var service = JSONObject()
  var annotations: [Annotation] = []
  var metadata = JSONObject()
  var links: [TraceLink] = []
  var precursorIDs: [EntityID] = []
  var isInferred = false
  var subsegments: [Entity] = []
  var other = JSONObject()
}

/// The memory in which copies of an ``Entity`` share their fields.
///
/// `@unchecked Sendable`: an ``Entity`` changes the fields only while it holds the one reference to them.
final class EntityStorage: @unchecked Sendable {
  // For the same reason no access can overlap a change, and none has to be checked for it.
  @exclusivity(unchecked) var fields: EntityFields

  init(_ fields: EntityFields) { self.fields = fields }
}

extension EntityStorage: Hashable {
  static func == (a: EntityStorage, b: EntityStorage) -> Bool { a === b || a.fields == b.fields }
  func hash(into hasher: inout Hasher) { hasher.combine(fields) }
}
