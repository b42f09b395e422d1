public import Traces
import XRayModel

/// Trace summaries as a table: RFC 4180, a header, one line a trace.
public enum SummaryCSV {
  static let columns = [
    "id", "start", "duration_seconds", "response_seconds", "fault", "error", "throttle", "partial", "method", "url",
    "status", "user_agent", "client_ip", "entry_point", "entry_type", "services", "users", "annotations",
  ]

  /// The whole file, in the order of `summaries`. Lists are separated by `; `.
  ///
  /// Text from outside that a spreadsheet would run as a formula gets an apostrophe in front.
  public static func csv(_ summaries: some Sequence<TraceSummary>) -> String {
    var text = columns.joined(separator: ",") + "\r\n"
    for summary in summaries { text += cells(summary).map(quoted).joined(separator: ",") + "\r\n" }
    return text
  }

  private static func cells(_ summary: TraceSummary) -> [String] {
    let annotations = summary.annotations.map { annotation in
      "\(annotation.key)=\(annotation.value.plainText)"
    }
    let services = summary.services.map { id in "\(id.name)\(id.type.map { " (\($0))" } ?? "")" }
    let times = [
      summary.id.description, summary.start.iso8601, Quantity.coordinate(summary.duration, places: 6),
      summary.responseTime.map { Quantity.coordinate($0, places: 6) } ?? "",
    ]
    let flags = [summary.hasFault, summary.hasError, summary.hasThrottle, summary.isPartial].map(String.init)
    let texts = [
      summary.http.method ?? "", summary.http.url ?? "", summary.http.status.map(String.init) ?? "",
      summary.http.userAgent ?? "", summary.http.clientIP ?? "", summary.entryPoint?.name ?? "",
      summary.entryPoint?.type ?? "", services.joined(separator: "; "),
      summary.users.map(\.name).joined(separator: "; "), annotations.joined(separator: "; "),
    ]
    return times + flags + texts.map(harmless)
  }

  private static func harmless(_ cell: String) -> String {
    guard let first = cell.unicodeScalars.first, ["=", "+", "-", "@", "\t", "\r", "\n"].contains(first) else {
      return cell
    }
    return "'" + cell
  }

  private static func quoted(_ cell: String) -> String {
    guard cell.unicodeScalars.contains(where: { [",", "\"", "\r", "\n"].contains($0) }) else { return cell }
    return "\"" + cell.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}

extension AnnotationValue {
  /// The value as people write it.
  var plainText: String {
    switch self {
    case .string(let value): value
    case .number(let value): value.text
    case .boolean(let value): value ? "true" : "false"
    }
  }
}
