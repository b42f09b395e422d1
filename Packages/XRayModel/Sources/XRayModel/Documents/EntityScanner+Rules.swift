/// The rules that a document must keep, in the order in which the service checks them.
extension EntityScanner {
  /// Checks the document's own members, then what was found in embedded subsegments.
  func validate(_ fields: Fields) throws(SegmentRejection) -> SegmentIndex {
    let isSubsegment = fields.type.value.map { cursor.text($0, is: "subsegment") } ?? false
    func reject(_ code: SegmentRejection.Code, _ detail: String? = nil) -> SegmentRejection {
      SegmentRejection(code, id: idText(fields), isSubsegment: isSubsegment, detail: detail)
    }
    switch fields.type {
    case .absent: break
    case .present(let token) where isSubsegment || cursor.text(token, is: "segment"): break
    default: throw reject(.unknownType)
    }
    let id: EntityID
    switch fields.id {
    case .absent: throw reject(.missingId)
    case .malformed: throw reject(.invalidId)
    case .present(let token):
      guard let read = entityID(token) else { throw reject(.invalidId) }
      id = read
    }
    if let code = nameProblem(fields.name) { throw reject(code) }
    guard let name = fields.name.value, !name.range.isEmpty else {
      throw reject(fields.name.isAbsent ? .missingName : .invalidName)
    }
    let traceID: TraceID
    switch fields.traceID {
    case .absent: throw reject(.missingTraceId)
    case .malformed: throw reject(.invalidTraceId)
    case .present(let token):
      guard let read = cursor.withBytes(token, { TraceID($0) }) else { throw reject(.invalidTraceId) }
      traceID = read
    }
    if let problem = timeProblem(fields, isSubsegment: isSubsegment) { throw reject(problem.code, problem.detail) }
    guard let start = fields.start.value else { throw reject(.missingStartTime) }
    let parentID = fields.parentID.value.flatMap(entityID)
    if isSubsegment, fields.parentID.isAbsent { throw reject(.missingParentId) }
    if parentID == nil, !fields.parentID.isAbsent { throw reject(.invalidParentId) }
    if fields.hasBadSubsegments { throw reject(.invalidSegment, Self.badSubsegments) }
    if let nestedRejection { throw nestedRejection }
    return SegmentIndex(
      kind: isSubsegment ? .subsegment : .segment, traceID: traceID, id: id, parentID: parentID, start: start,
      end: fields.end.value, isInProgress: fields.inProgress.value ?? false, name: name.range,
      origin: fields.origin.value?.range, outcome: fields.outcome, subsegmentCount: subsegmentCount,
      tolerated: tolerated)
  }

  /// Checks an embedded subsegment and keeps the first problem that any of them has.
  ///
  /// Its `trace_id`, `parent_id` and `type` are implied by its place, so they are not looked at.
  mutating func check(_ embedded: Fields) {
    if embedded.name.isAbsent || embedded.name.value?.range.isEmpty == true { tolerated.insert(.namelessSubsegment) }
    guard nestedRejection == nil, let problem = problem(ofEmbedded: embedded) else { return }
    nestedRejection = SegmentRejection(
      problem.code, id: idText(embedded), isSubsegment: true, detail: problem.detail)
  }

  private typealias Problem = (code: SegmentRejection.Code, detail: String?)

  private func problem(ofEmbedded fields: Fields) -> Problem? {
    switch fields.id {
    case .absent: return (.missingId, nil)
    case .malformed: return (.invalidId, nil)
    case .present(let token): if entityID(token) == nil { return (.invalidId, nil) }
    }
    if let code = nameProblem(fields.name) { return (code, nil) }
    return timeProblem(fields, isSubsegment: true)
      ?? (fields.hasBadSubsegments ? (.invalidSegment, Self.badSubsegments) : nil)
  }

  /// A name of a wrong type or length. Whether one may be missing or empty is for the caller to say.
  private func nameProblem(_ name: Field<JSONCursor.StringToken>) -> SegmentRejection.Code? {
    switch name {
    case .absent: return nil
    case .malformed: return .invalidName
    case .present(let token):
      // Only a name with more bytes than the limit can have more characters.
      guard token.range.count > SegmentIndex.nameLengthLimit else { return nil }
      return cursor.text(token).unicodeScalars.count > SegmentIndex.nameLengthLimit ? .invalidName : nil
    }
  }

  private func timeProblem(_ fields: Fields, isSubsegment: Bool) -> Problem? {
    if fields.start.isAbsent { return (.missingStartTime, nil) }
    if fields.start.isMalformed { return (.invalidSegment, "start_time is not a time in the years 1970 to 9999") }
    if fields.end.isMalformed { return (.invalidSegment, "end_time is not a time in the years 1970 to 9999") }
    if fields.inProgress.isMalformed { return (.invalidSegment, "in_progress is not a boolean") }
    let isInProgress = fields.inProgress.value ?? false
    if isInProgress, !fields.end.isAbsent {
      return (isSubsegment ? .inProgressSubsegmentHasEndTime : .inProgressSegmentHasEndTime, nil)
    }
    return !isInProgress && fields.end.isAbsent ? (.missingEndTime, nil) : nil
  }

  private static var badSubsegments: String { "subsegments is not an array of objects" }

  private func entityID(_ token: JSONCursor.StringToken) -> EntityID? { cursor.withBytes(token) { EntityID($0) } }

  /// The id as it was sent, cut to a length that is safe to send back.
  private func idText(_ fields: Fields) -> String? {
    fields.id.value.map { String(cursor.text($0).unicodeScalars.prefix(64)) }
  }
}
