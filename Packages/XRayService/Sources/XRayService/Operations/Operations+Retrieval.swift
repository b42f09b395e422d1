import TraceReports
import Traces
import XRayModel

extension XRayService {
  /// Listing many traces, in pages of spans.
  static let retrievalOperations = [
    Operation("StartTraceRetrieval") { service, input in
      let ids = try input.traceIDs(atMost: 100, "Exceeding maximum number of trace ids: 100")
      let range = try input.timeRange()
      let token = service.random.requestID()
      service.retrievals.start(TraceRetrieval(ids: ids, range: range, began: service.clock.now), token: token)
      return .object { $0.member("RetrievalToken", token) }
    },

    Operation("CancelTraceRetrieval") { service, input in
      let (token, _) = try service.retrieval(input)
      service.retrievals.cancel(token)
      return .object { _ in }
    },

    Operation("ListRetrievedTraces") { service, input in
      let (token, retrieval) = try service.retrieval(input)
      let format: SpanFormat = try input.choice("TraceFormat") ?? .xray
      let fingerprint = "ListRetrievedTraces \(token) \(format.rawValue)"
      let place = try input.place(for: fingerprint)
      let status = retrieval.status(at: service.clock.now)
      let spans =
        status == .complete ? try await service.traces(of: retrieval).flatMap { Span.all(of: $0, format) } : []
      let page = Span.page(of: spans, from: place)
      return .object { writer in
        writer.member("RetrievalStatus", status.rawValue)
        writer.member("TraceFormat", format.rawValue)
        writer.key("Traces")
        writer.array { writer in Span.write(page, to: &writer) }
        writer.nextToken(page, of: spans, for: fingerprint)
      }
    },

    Operation("GetRetrievedTracesGraph") { service, input in
      let (token, retrieval) = try service.retrieval(input)
      let fingerprint = "GetRetrievedTracesGraph \(token)"
      let place = try input.place(for: fingerprint)
      let status = retrieval.status(at: service.clock.now)
      let traces = status == .complete ? try await service.traces(of: retrieval) : []
      let graph = ServiceGraph(of: traces)
      let page = graph.services.dropFirst(place).prefix(1000)
      return .object { writer in
        writer.member("RetrievalStatus", status.rawValue)
        writer.key("Services")
        writer.array { writer in
          for index in page.indices {
            writer.object { writer in
              writer.key("Service")
              graph.writeService(at: index, to: &writer)
              writer.key("Links")
              writer.array { writer in GraphLink.write(traces, service: graph.services[index].id, to: &writer) }
            }
          }
        }
        writer.nextToken(page, of: graph.services, for: fingerprint)
      }
    },
  ]

  private func retrieval(_ input: Fields) throws(APIError) -> (token: String, TraceRetrieval) {
    let token = try input.require("RetrievalToken", input.text("RetrievalToken", 0...1020))
    guard let retrieval = retrievals[token] else {
      throw APIError.notFound("The retrieval token is unknown", resource: token)
    }
    return (token, retrieval)
  }

  private func traces(of retrieval: TraceRetrieval) async throws -> [Trace] {
    try await store.traces(retrieval.ids).filter { retrieval.range.contains($0.start) }
  }
}

extension Fields {
  /// The place in a list at which a page begins.
  func place(for fingerprint: String) throws(APIError) -> Int {
    guard let token = try text("NextToken") else { return 0 }
    guard let place = Int(try PageToken(token, for: fingerprint).place), place >= 0 else {
      throw APIError.invalidRequest("Invalid token \(token.prefix(100))")
    }
    return place
  }
}

/// How the documents of `ListRetrievedTraces` are written.
private enum SpanFormat: String, CaseIterable { case xray = "XRAY", openTelemetry = "OTEL" }

/// A document of a retrieved trace.
private struct Span {
  let trace: Trace
  let id: String
  let document: String

  static func all(of trace: Trace, _ format: SpanFormat) -> [Span] {
    switch format {
    case .xray:
      trace.segments.map { segment in
        Span(
          trace: trace, id: segment.id.description, document: String(decoding: segment.document, as: UTF8.self))
      }
    case .openTelemetry:
      OTLPExport.spans(of: trace).map { Span(trace: trace, id: $0.id.description, document: $0.json) }
    }
  }

  /// X-Ray: at most 5 traces and 100 spans on a page.
  static func page(of spans: [Span], from place: Int) -> ArraySlice<Span> {
    var traces: Set<TraceID> = []
    return spans.dropFirst(place).prefix(100).prefix { span in
      traces.insert(span.trace.id)
      return traces.count <= 5
    }
  }

  static func write(_ page: ArraySlice<Span>, to writer: inout JSONWriter) {
    var rest = page
    while let trace = rest.first?.trace {
      let spans = rest.prefix { $0.trace.id == trace.id }
      rest = rest.dropFirst(spans.count)
      writer.object { writer in
        writer.member("Id", trace.id.description)
        writer.member("Duration", trace.duration)
        writer.key("Spans")
        writer.array { writer in
          for span in spans {
            writer.object { writer in
              writer.member("Id", span.id)
              writer.member("Document", span.document)
            }
          }
        }
      }
    }
  }
}

/// Links that lead from the traces of a service to others.
private enum GraphLink {
  /// X-Ray: at most 100.
  private static let limit = 100

  static func write(_ traces: [Trace], service: ServiceID, to writer: inout JSONWriter) {
    var left = limit
    for trace in traces where left > 0 {
      var destinations: [TraceID] = []
      for segment in trace.segments where ServiceID(of: segment) == service {
        segment.forEach { entity in
          for link in entity.links where !destinations.contains(link.traceID) { destinations.append(link.traceID) }
        }
      }
      if destinations.isEmpty { continue }
      left -= 1
      writer.object { writer in
        writer.member("ReferenceType", "link")
        writer.member("SourceTraceId", trace.id.description)
        writer.key("DestinationTraceIds")
        writer.array { writer in for id in destinations { writer.string(id.description) } }
      }
    }
  }
}
