public import Traces
public import XRayModel

/// Traces as OpenTelemetry's OTLP/JSON: an `ExportTraceServiceRequest` that any OTLP receiver takes.
///
/// Segments become server spans, calls client spans, everything else internal ones. Inferred segments are left out:
/// they repeat what the caller's span says. OTLP knows no work in progress, so such a span ends where it starts and
/// has the attribute `aws.xray.in_progress`.
public enum OTLPExport {
  /// The whole request, with a line feed at its end; traces by start, then id.
  public static func json(_ traces: some Sequence<Trace>, pretty: Bool = false) -> String {
    var resources: [[OTLPAttribute]] = []
    var spans: [[OTLPAttribute]: [OTLPSpan]] = [:]
    for trace in BatchGetTracesExport.inOrder(traces) {
      for segment in trace.segments where !segment.isInferred {
        let resource = OTLPAttribute.resource(of: segment)
        if spans[resource] == nil { resources.append(resource) }
        spans[resource, default: []] += OTLPSpan.spans(of: segment, in: trace.id)
      }
    }
    var writer = JSONWriter(pretty: pretty)
    writer.object { writer in
      writer.key("resourceSpans")
      writer.array { writer in
        for resource in resources { write(resource, spans[resource] ?? [], to: &writer) }
      }
    }
    return writer.text + "\n"
  }

  /// Each span of a trace by itself, with its resource: parents before their children.
  public static func spans(of trace: Trace) -> [(id: EntityID, json: String)] {
    trace.segments.filter { !$0.isInferred }.flatMap { segment in
      let resource = OTLPAttribute.resource(of: segment)
      return OTLPSpan.spans(of: segment, in: trace.id).map { span in
        var writer = JSONWriter()
        writer.object { writer in
          writer.key("resource")
          writer.object { $0.attributes(resource) }
          writer.key("scope")
          writer.object { $0.member("name", "aws.xray") }
          span.writeMembers(to: &writer)
        }
        return (span.entity.id, writer.text)
      }
    }
  }

  private static func write(_ resource: [OTLPAttribute], _ spans: [OTLPSpan], to writer: inout JSONWriter) {
    writer.object { writer in
      writer.key("resource")
      writer.object { $0.attributes(resource) }
      writer.key("scopeSpans")
      writer.array { writer in
        writer.object { writer in
          writer.key("scope")
          writer.object { $0.member("name", "aws.xray") }
          writer.key("spans")
          writer.array { writer in for span in spans { span.write(to: &writer) } }
        }
      }
    }
  }
}

/// An entity as a span.
struct OTLPSpan {
  var traceID: TraceID
  var parentID: EntityID?
  /// Without its subsegments.
  var entity: Entity

  enum Kind: Int {
    case `internal` = 1
    case server = 2
    case client = 3
  }

  var kind: Kind { entity.kind == .segment ? .server : entity.isCall ? .client : .internal }

  /// The segment and all its subsegments, parents first.
  static func spans(of segment: Entity, in traceID: TraceID) -> [OTLPSpan] {
    var spans: [OTLPSpan] = []
    var pending = [(entity: segment, parent: segment.parentID)]
    while let (document, parent) = pending.popLast() {
      var entity = document
      entity.subsegments = []
      spans.append(OTLPSpan(traceID: traceID, parentID: parent, entity: entity))
      for subsegment in document.subsegments.reversed() { pending.append((subsegment, document.id)) }
    }
    return spans
  }

  func write(to writer: inout JSONWriter) { writer.object { writeMembers(to: &$0) } }

  func writeMembers(to writer: inout JSONWriter) {
    writer.member("traceId", traceID.w3c)
    writer.member("spanId", entity.id.description)
    if let parentID { writer.member("parentSpanId", parentID.description) }
    writer.member("name", entity.shownName)
    writer.member("kind", kind.rawValue)
    writer.member("startTimeUnixNano", entity.start.nanoseconds)
    writer.member("endTimeUnixNano", max(entity.start, entity.end ?? entity.start).nanoseconds)
    writer.attributes(OTLPAttribute.attributes(of: entity))
    writeEvents(to: &writer)
    writeLinks(to: &writer)
    writer.key("status")
    writer.object { writer in
      guard entity.outcome != .ok else { return }
      writer.member("code", 2)
      if let message = exceptions.first?.message { writer.member("message", message) }
    }
  }

  private var exceptions: [CapturedException] {
    if case .exceptions(let detail)? = entity.cause { detail.exceptions } else { [] }
  }

  private func writeEvents(to writer: inout JSONWriter) {
    guard !exceptions.isEmpty else { return }
    writer.key("events")
    writer.array { writer in
      for exception in exceptions {
        writer.object { writer in
          writer.member("timeUnixNano", max(entity.start, entity.end ?? entity.start).nanoseconds)
          writer.member("name", "exception")
          writer.attributes(OTLPAttribute.attributes(of: exception))
        }
      }
    }
  }

  private func writeLinks(to writer: inout JSONWriter) {
    guard !entity.links.isEmpty else { return }
    writer.key("links")
    writer.array { writer in
      for link in entity.links {
        writer.object { writer in
          writer.member("traceId", link.traceID.w3c)
          if let id = link.id { writer.member("spanId", id.description) }
          writer.attributes(link.attributes.members.map { OTLPAttribute($0.key, $0.value) })
        }
      }
    }
  }
}

extension Timestamp {
  /// Nanoseconds since 1970 as the decimal text of an unsigned 64-bit number, which ends in the year 2554; later
  /// moments become the last one.
  fileprivate var nanoseconds: String {
    let (value, overflow) = UInt64(max(0, ticks)).multipliedReportingOverflow(by: 100)
    return String(overflow ? .max : value)
  }
}
