import XRayModel

/// A key with its value. Bytes are base64 text, an empty `AnyValue` is null.
struct SpanAttribute: Hashable {
  var key: String
  var value: JSONValue
}

/// Attributes as they were sent, and how many there were beyond those that are held.
struct AttributeList: Hashable {
  var items: [SpanAttribute] = []
  /// Left out by the sender or by our limits.
  var dropped = 0

  mutating func append(_ attribute: SpanAttribute, limit: Int) {
    if items.count < limit { items.append(attribute) } else { drop(1) }
  }

  mutating func drop(_ count: UInt64) { dropped = dropped.addingSaturating(Int(clamping: count)) }
}

enum SpanKind: Int {
  case unspecified = 0
  case `internal` = 1
  case server = 2
  case client = 3
  case producer = 4
  case consumer = 5

  /// Reads `SERVER` or `SPAN_KIND_SERVER`; what is unknown is unspecified.
  init(name: String) {
    let name = name.hasPrefix("SPAN_KIND_") ? String(name.dropFirst(10)) : name
    self = [Self.internal, .server, .client, .producer, .consumer].first { $0.name == name } ?? .unspecified
  }

  var name: String {
    switch self {
    case .unspecified: "UNSPECIFIED"
    case .internal: "INTERNAL"
    case .server: "SERVER"
    case .client: "CLIENT"
    case .producer: "PRODUCER"
    case .consumer: "CONSUMER"
    }
  }
}

/// An id as it was sent: absent, readable or not.
enum SentID<ID: Hashable & Sendable>: Hashable {
  case absent
  case malformed
  case present(ID)

  var value: ID? { if case .present(let id) = self { id } else { nil } }
}

struct SpanStatus: Hashable {
  enum Code: Int {
    case unset = 0
    case ok = 1
    case error = 2
  }
  var code = Code.unset
  var message = ""
}

struct SpanEvent: Hashable {
  /// Nanoseconds since 1970.
  var time: UInt64 = 0
  var name = ""
  var attributes = AttributeList()
}

struct SpanLink: Hashable {
  var traceID = SentID<TraceID>.absent
  var id = SentID<EntityID>.absent
  var traceState = ""
  var attributes = AttributeList()
}

/// One span of a request, in whatever format it came.
struct ReceivedSpan: Hashable {
  var traceID = SentID<TraceID>.absent
  var id = SentID<EntityID>.absent
  var parentID = SentID<EntityID>.absent
  var traceState = ""
  var name = ""
  var kind = SpanKind.unspecified
  /// Whether the parent is in another process; `nil` where the sender did not say.
  var isParentRemote: Bool?
  /// Nanoseconds since 1970; 0 when there is none.
  var start: UInt64 = 0
  /// Nanoseconds since 1970; 0 when there is none.
  var end: UInt64 = 0
  var attributes = AttributeList()
  var events: [SpanEvent] = []
  var droppedEvents = 0
  var links: [SpanLink] = []
  var droppedLinks = 0
  var status = SpanStatus()

  /// OTLP's flags: bit 8 says that bit 9 is meant, bit 9 that the parent is remote.
  mutating func read(flags: UInt64) {
    isParentRemote = flags & 0x100 != 0 ? flags & 0x200 != 0 : nil
  }
}

/// What made spans: an instrumentation library, which OTLP calls scope.
struct Library: Hashable {
  var name = ""
  var version = ""
  var attributes = AttributeList()
}

extension Library {
  /// With what is repeated in each of its documents held small.
  var bounded: Library {
    var library = self
    library.name = name.cut(to: 256)
    library.version = version.cut(to: 256)
    let size = attributes.items.reduce(0) { $0 + $1.key.utf8.count + $1.value.rendered().utf8.count }
    if size > 2_048 { library.attributes = AttributeList(dropped: attributes.items.count) }
    return library
  }
}

/// The spans of one library.
struct SpanScope: Hashable {
  var library = Library()
  var spans: [ReceivedSpan] = []
}

/// The spans of one service.
struct SpanResource: Hashable {
  var attributes = AttributeList()
  var scopes: [SpanScope] = []

  var spanCount: Int { scopes.reduce(0) { $0 + $1.spans.count } }
}

extension Int {
  /// The sum, or the largest number when that is beyond it. Both are counts: none is negative.
  func addingSaturating(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
