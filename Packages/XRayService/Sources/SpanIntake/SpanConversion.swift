public import XRayModel

/// The spans of one request as X-Ray documents.
///
/// Each span is a document of its own: a store puts a trace together from documents in any order, and a batch that
/// an exporter sends again makes the same documents again.
public struct SpanConversion: Sendable {
  /// Documents that a store accepts, in the order of their spans.
  public private(set) var documents = DocumentBatch()
  /// What became of the attributes.
  public private(set) var report = FidelityReport()
  /// Spans that made no document, by reason.
  public private(set) var rejections: [String: Int] = [:]

  /// Spans that made no document.
  public var rejectedSpans: Int { rejections.values.reduce(0) { $0.addingSaturating($1) } }

  /// The rejections in words, for `error_message`; empty without any.
  public var rejectionMessage: String {
    rejections.keys.sorted().map { "\(rejections[$0] ?? 0) \($0)" }.joined(separator: "; ")
  }

  /// Converts what an OpenTelemetry exporter sent.
  public init(_ request: OTLPRequest, options: IntakeOptions = IntakeOptions()) {
    for resource in request.resources {
      let mapping = ResourceMapping(resource.attributes)
      let language = mapping.language.isEmpty ? "unknown" : mapping.language
      convert(resource.scopes, mapping, options) { $0.name.isEmpty ? language : "\(language) \($0.name)" }
    }
  }

  /// Converts what a Zipkin reporter sent.
  public init(_ request: ZipkinRequest, options: IntakeOptions = IntakeOptions()) {
    for resource in request.resources {
      convert(resource.scopes, ResourceMapping(resource.attributes), options) { _ in "zipkin" }
    }
  }

  private mutating func convert(
    _ scopes: [SpanScope], _ resource: ResourceMapping, _ options: IntakeOptions, source name: (Library) -> String
  ) {
    var segments: [String: Int] = [:]
    for scope in scopes where !scope.spans.isEmpty {
      let library = scope.library.bounded
      let slot = report.slot(of: name(library))
      var source = report.take(slot)
      segments[slot, default: 0] += convert(scope.spans, library, resource, options, &source)
      report.put(source, at: slot)
    }
    // Once for all its libraries: there may be as many as spans.
    for (slot, count) in segments {
      var source = report.take(slot)
      for (key, fate) in resource.fates { source.count("resource:\(key)", fate, count) }
      report.put(source, at: slot)
    }
  }

  /// The number of documents that say what the resource says.
  private mutating func convert(
    _ spans: [ReceivedSpan], _ library: Library, _ resource: ResourceMapping, _ options: IntakeOptions,
    _ source: inout FidelityReport.Source
  ) -> Int {
    var segments = 0
    for span in spans {
      source.spans += 1
      do throws(SpanRejection) {
        let ids = try span.ids()
        var mapping = SpanMapping(
          span, traceID: ids.trace, id: ids.span, parentID: ids.parent, library: library, resource: resource,
          options: options)
        guard let (document, isShortened) = mapping.map().fitting() else { throw .tooLarge }
        guard documents.bytes.count + document.count <= options.documentBytes else { throw .tooMuch }
        documents.append(document)
        if isShortened { source.shortened += 1 }
        if span.end == 0 { source.unfinished += 1 }
        for (key, fate) in mapping.fates {
          // Metadata is what a document is shortened by first.
          source.count(key, isShortened && fate == .metadata ? .dropped("document over 64 KB") : fate)
        }
        if mapping.shape.hasResource { segments += 1 }
      } catch {
        source.rejected[error.rawValue, default: 0] += 1
        rejections[error.rawValue, default: 0] += 1
      }
    }
    return segments
  }
}

/// Why a span makes no document.
enum SpanRejection: String, Error {
  case noTraceID = "without a valid trace id"
  case noSpanID = "without a valid span id"
  case badParentID = "with an invalid parent id"
  case noStart = "without a start"
  case tooLarge = "over 64 KB even when shortened"
  case tooMuch = "beyond the bytes of documents that one request may make"
}

extension ReceivedSpan {
  /// The ids, if they are valid: of their length, and not all zeros.
  fileprivate func ids() throws(SpanRejection) -> (trace: TraceID, span: EntityID, parent: EntityID?) {
    guard let traceID = traceID.value, traceID != .notSampled else { throw .noTraceID }
    guard let id = id.value, id != .notSampled else { throw .noSpanID }
    guard parentID != .malformed else { throw .badParentID }
    guard start > 0 else { throw .noStart }
    // Some senders write zeros where there is no parent; a span that is its own parent has none either.
    let parent = parentID.value.flatMap { $0 == .notSampled || $0 == id ? nil : $0 }
    return (traceID, id, parent)
  }
}
