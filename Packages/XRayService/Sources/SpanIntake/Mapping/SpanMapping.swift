import XRayModel

/// Turns one span into an entity.
struct SpanMapping {
  let span: ReceivedSpan
  let library: Library
  let resource: ResourceMapping
  let options: IntakeOptions
  var attributes: SpanAttributes
  var entity: Entity
  let shape: SpanShape
  /// What became of the span's parts, but for the attributes that were taken.
  var fates: [(key: String, fate: FidelityReport.Fate)] = []

  /// - Parameters:
  ///   - id: The span's id, or the one that stands for it.
  ///   - parentID: The parent, if it has one.
  init(
    _ span: ReceivedSpan, traceID: TraceID, id: EntityID, parentID: EntityID?, library: Library,
    resource: ResourceMapping, options: IntakeOptions
  ) {
    self.span = span
    self.library = library
    self.resource = resource
    self.options = options
    attributes = SpanAttributes(span.attributes.items)
    let isLocalRoot = attributes.take(["aws.span.kind"], as: "type") { $0 == "LOCAL_ROOT" ? true : nil } ?? false
    shape = SpanShape(span, parentID: parentID, isLocalRoot: isLocalRoot)
    entity = Entity(
      shape.isSegment ? .segment : .subsegment, id: id, name: nil, traceID: traceID, parentID: parentID,
      start: Timestamp(nanoseconds: span.start), end: span.end == 0 ? nil : Timestamp(nanoseconds: span.end))
    if attributes.flag("aws.xray.in_progress", as: "in_progress") { entity.end = nil }
  }

  /// The document's entity.
  mutating func map() -> Entity {
    if shape.isSegment { describeService() }
    nameEntity()
    mapHTTP()
    mapAWS()
    mapSQL()
    mapOutcome()
    mapCause()
    entity.user = attributes.text("enduser.id", "user.id", as: "user")
    mapLinks()
    keepRest()
    return shape == .rootCall ? enclosed() : entity
  }

  private mutating func describeService() {
    entity.origin = resource.origin
    entity.resourceARN = resource.resourceARN
    entity.service = resource.service
    entity.aws = resource.aws
  }

  /// The call within a segment of its service.
  private func enclosed() -> Entity {
    var call = entity
    call.traceID = nil
    call.parentID = nil
    var segment = Entity(
      .segment, id: entity.id.derived(0), name: serviceName, traceID: entity.traceID, parentID: entity.parentID,
      start: entity.start, end: entity.end)
    segment.origin = resource.origin
    segment.resourceARN = resource.resourceARN
    segment.service = resource.service
    segment.aws = resource.aws
    segment.isFault = entity.isFault
    segment.isError = entity.isError
    segment.isThrottle = entity.isThrottle
    if !resource.metadata.isEmpty { segment.metadata["otel.resource"] = .object(resource.metadata) }
    segment.subsegments = [call]
    return segment
  }

  private mutating func mapLinks() {
    for link in span.links {
      guard let traceID = link.traceID.value, traceID != .notSampled else {
        fates.append(("link:", .dropped("no valid trace id")))
        continue
      }
      guard entity.links.count < IntakeOptions.linksLimit else {
        fates.append(("link:", .dropped("more than \(IntakeOptions.linksLimit) links")))
        continue
      }
      let linked = SpanAttributes(link.attributes.items)
      entity.links.append(
        TraceLink(
          traceID: traceID, id: link.id.value,
          attributes: JSONObject(linked.entries.map { JSONObject.Member(key: $0.key, value: $0.value.storable) })))
      fates.append(("link:", .mapped(to: "links")))
      if !link.traceState.isEmpty { fates.append(("link:traceState", .dropped("links have no such member"))) }
    }
    fates += repeatElement(
      ("link:", .dropped("left out by the sender or beyond limits")), count: min(span.droppedLinks, 1))
  }
}

extension Timestamp {
  /// From nanoseconds since 1970. What is finer than the step of 100 ns is cut off.
  init(nanoseconds: UInt64) { self.init(ticks: Int64(nanoseconds / 100)) }
}
