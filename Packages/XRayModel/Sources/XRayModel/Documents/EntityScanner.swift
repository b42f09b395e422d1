/// The single pass behind ``SegmentIndex``: meets each byte once, keeps ranges and numbers, allocates nothing.
///
/// Of repeated members the last one counts, as in every JSON reader that clients use.
struct EntityScanner {
  var cursor: JSONCursor
  var subsegmentCount = 0
  var tolerated: SegmentIndex.Tolerated = []
  /// The first rule that an embedded subsegment broke. Kept until the document's own members were checked.
  var nestedRejection: SegmentRejection?

  init(_ document: UnsafeRawBufferPointer) { cursor = JSONCursor(document) }

  /// A member as it was met: absent (or null), of the expected type, or of another.
  enum Field<Value> {
    case absent, malformed
    case present(Value)

    var value: Value? { if case .present(let value) = self { value } else { nil } }
    var isAbsent: Bool { if case .absent = self { true } else { false } }
    var isMalformed: Bool { if case .malformed = self { true } else { false } }
  }

  /// The members of one entity that rules or the index need.
  struct Fields {
    var id = Field<JSONCursor.StringToken>.absent
    var name = Field<JSONCursor.StringToken>.absent
    var traceID = Field<JSONCursor.StringToken>.absent
    var parentID = Field<JSONCursor.StringToken>.absent
    var type = Field<JSONCursor.StringToken>.absent
    var origin = Field<JSONCursor.StringToken>.absent
    var start = Field<Timestamp>.absent
    var end = Field<Timestamp>.absent
    var inProgress = Field<Bool>.absent
    var outcome: SegmentIndex.Outcome = []
    /// Embedded subsegments at any depth below this entity.
    var subsegmentCount = 0
    var hasBadSubsegments = false
  }

  mutating func scanDocument() throws(SegmentRejection) -> SegmentIndex {
    let fields: Fields
    do throws(JSONError) {
      guard try cursor.peek() == UInt8(ascii: "{") else { throw cursor.fail(.unexpectedByte) }
      fields = try scanEntity(depth: 0)
      try cursor.finish()
    } catch {
      throw SegmentRejection(.parseError, detail: error.description)
    }
    return try validate(fields)
  }

  /// Reads the entity that begins here. `depth` counts the arrays and objects around it.
  private mutating func scanEntity(depth: Int) throws(JSONError) -> Fields {
    try cursor.open(UInt8(ascii: "{"), depth: depth)
    var fields = Fields()
    if try cursor.isEmpty(until: UInt8(ascii: "}")) { return fields }
    repeat {
      let key = try cursor.key()
      try scanMember(MemberKey(key, in: cursor), of: &fields, depth: depth + 1)
    } while try cursor.continues(until: UInt8(ascii: "}"))
    return fields
  }

  // MARK: Members

  private mutating func scanMember(_ key: MemberKey, of fields: inout Fields, depth: Int) throws(JSONError) {
    switch key {
    case .id: fields.id = try text(depth)
    case .name: fields.name = try text(depth)
    case .traceID: fields.traceID = try text(depth)
    case .parentID: fields.parentID = try text(depth)
    case .type: fields.type = try text(depth)
    case .origin: fields.origin = try text(depth)
    case .start: fields.start = try time(depth)
    case .end: fields.end = try time(depth)
    case .inProgress: fields.inProgress = try flag(depth)
    case .error: try outcome(.error, of: &fields, depth)
    case .fault: try outcome(.fault, of: &fields, depth)
    case .throttle: try outcome(.throttle, of: &fields, depth)
    case .http: try http(depth)
    case .metadata:
      cursor.allowsNonFinite = true
      defer { cursor.allowsNonFinite = false }
      try cursor.skipValue(depth: depth)
      if cursor.nonFiniteCount > 0 { tolerated.insert(.nonFiniteMetadata) }
    case .subsegments: try subsegments(of: &fields, depth)
    default: try cursor.skipValue(depth: depth)
    }
  }

  private mutating func text(_ depth: Int) throws(JSONError) -> Field<JSONCursor.StringToken> {
    if try cursor.peek() == UInt8(ascii: "\"") { return .present(try cursor.string()) }
    return try absentOrMalformed(depth)
  }

  private mutating func flag(_ depth: Int) throws(JSONError) -> Field<Bool> {
    switch try cursor.peek() {
    case UInt8(ascii: "t"):
      try cursor.literal("true")
      return .present(true)
    case UInt8(ascii: "f"):
      try cursor.literal("false")
      return .present(false)
    default: return try absentOrMalformed(depth)
    }
  }

  private mutating func time(_ depth: Int) throws(JSONError) -> Field<Timestamp> {
    switch try cursor.peek() {
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      let range = try cursor.number()
      let digits = UnsafeBufferPointer(start: cursor.base + range.lowerBound, count: range.count)
      return Timestamp(decimal: digits).map { .present($0) } ?? .malformed
    default: return try absentOrMalformed(depth)
    }
  }

  /// Passes a value that is not of its member's type: null counts as absent.
  private mutating func absentOrMalformed<Value>(_ depth: Int) throws(JSONError) -> Field<Value> {
    let isNull = try cursor.peek() == UInt8(ascii: "n")
    try cursor.skipValue(depth: depth)
    return isNull ? .absent : .malformed
  }

  private mutating func outcome(
    _ outcome: SegmentIndex.Outcome, of fields: inout Fields, _ depth: Int
  ) throws(JSONError) {
    if try flag(depth).value == true { fields.outcome.insert(outcome) } else { fields.outcome.remove(outcome) }
  }

  /// Passes `http`, or the `response` in it, looking for a `content_length` that is text.
  private mutating func http(_ depth: Int) throws(JSONError) {
    guard try cursor.peek() == UInt8(ascii: "{") else { return try cursor.skipValue(depth: depth) }
    try cursor.open(UInt8(ascii: "{"), depth: depth)
    if try cursor.isEmpty(until: UInt8(ascii: "}")) { return }
    repeat {
      let key = try cursor.key()
      if cursor.matches("content_length", in: key.range), try cursor.peek() == UInt8(ascii: "\"") {
        tolerated.insert(.textContentLength)
      }
      if cursor.matches("response", in: key.range) {
        try http(depth + 1)
      } else {
        try cursor.skipValue(depth: depth + 1)
      }
    } while try cursor.continues(until: UInt8(ascii: "}"))
  }

  private mutating func subsegments(of fields: inout Fields, _ depth: Int) throws(JSONError) {
    subsegmentCount -= fields.subsegmentCount
    fields.subsegmentCount = 0
    guard try cursor.peek() == UInt8(ascii: "[") else {
      let value: Field<Never> = try absentOrMalformed(depth)
      if value.isMalformed { fields.hasBadSubsegments = true }
      return
    }
    try cursor.open(UInt8(ascii: "["), depth: depth)
    if try cursor.isEmpty(until: UInt8(ascii: "]")) { return }
    let countBefore = subsegmentCount
    repeat {
      if try cursor.peek() == UInt8(ascii: "{") {
        let embedded = try scanEntity(depth: depth + 1)
        subsegmentCount += 1
        check(embedded)
      } else {
        fields.hasBadSubsegments = true
        try cursor.skipValue(depth: depth + 1)
      }
    } while try cursor.continues(until: UInt8(ascii: "]"))
    fields.subsegmentCount = subsegmentCount - countBefore
  }
}
