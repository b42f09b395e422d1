public import Traces
public import XRayModel

/// Traces in the form in which X-Ray's `BatchGetTraces` answers them: what other tools that read X-Ray's JSON take.
public enum BatchGetTracesExport {
  /// The whole answer, with a line feed at its end; traces by start, then id.
  public static func json(_ traces: some Sequence<Trace>, pretty: Bool = true) -> String {
    var writer = JSONWriter(pretty: pretty)
    writer.object { writer in
      writer.key("Traces")
      writer.array { writer in for trace in inOrder(traces) { write(trace, to: &writer) } }
      writer.key("UnprocessedTraceIds")
      writer.array { _ in }
    }
    return writer.text + "\n"
  }

  /// One trace of the answer. Each segment's document is JSON in a string, as X-Ray has it.
  public static func write(_ trace: Trace, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("Id", trace.id.description)
      writer.member("Duration", trace.duration)
      writer.member("LimitExceeded", false)
      writer.key("Segments")
      writer.array { writer in
        for segment in trace.segments {
          writer.object { writer in
            writer.member("Id", segment.id.description)
            writer.key("Document")
            writer.string(utf8: segment.document.span)
          }
        }
      }
    }
  }

  static func inOrder(_ traces: some Sequence<Trace>) -> [Trace] {
    traces.map { (start: $0.start, trace: $0) }
      .sorted { ($0.start, $0.trace.id) < ($1.start, $1.trace.id) }.map(\.trace)
  }
}
