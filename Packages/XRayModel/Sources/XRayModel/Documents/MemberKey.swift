/// The members of documents that have a meaning of their own.
enum MemberKey: UInt8 {
  case id, name, traceID, parentID, type, start, end, inProgress
  case namespace, origin, resourceARN, user, error, fault, throttle, inferred
  case http, cause, aws, sql, service, annotations, metadata, links, precursorIDs, subsegments
  /// Of ``http`` and what lies in it.
  case request, response, method, url, userAgent, clientIP, isForwarded, traced, status, contentLength
  case other

  /// A key with escapes is resolved first, which allocates and hardly happens.
  @inline(__always)
  init(_ token: JSONCursor.StringToken, in cursor: JSONCursor) {
    self = token.hasEscapes ? Self.unescaping(token, in: cursor) : MemberKey(cursor, token.range)
  }

  private static func unescaping(_ token: JSONCursor.StringToken, in cursor: JSONCursor) -> MemberKey {
    let text = Array(cursor.text(token).utf8)
    return text.withUnsafeBytes { MemberKey(JSONCursor($0), 0..<$0.count) }
  }

  private init(_ text: JSONCursor, _ range: Range<Int>) {
    @inline(__always)
    func either(_ key: MemberKey, _ word: StaticString) -> MemberKey? { text.matches(word, in: range) ? key : nil }
    let key: MemberKey? =
      switch range.count {
      case 2: either(.id, "id")
      case 3: either(.aws, "aws") ?? either(.sql, "sql") ?? either(.url, "url")
      case 4: either(.name, "name") ?? either(.http, "http") ?? either(.type, "type") ?? either(.user, "user")
      case 5: either(.fault, "fault") ?? either(.error, "error") ?? either(.cause, "cause") ?? either(.links, "links")
      case 6:
        either(.status, "status") ?? either(.origin, "origin") ?? either(.method, "method") ?? either(.traced, "traced")
      case 7: either(.request, "request") ?? either(.service, "service")
      case 8:
        either(.end, "end_time") ?? either(.traceID, "trace_id") ?? either(.response, "response")
          ?? either(.metadata, "metadata") ?? either(.throttle, "throttle") ?? either(.inferred, "inferred")
      case 9: either(.namespace, "namespace") ?? either(.parentID, "parent_id") ?? either(.clientIP, "client_ip")
      case 10:
        either(.start, "start_time") ?? either(.userAgent, "user_agent")
      case 11:
        either(.subsegments, "subsegments") ?? either(.annotations, "annotations") ?? either(.inProgress, "in_progress")
      case 12: either(.resourceARN, "resource_arn")
      case 13: either(.precursorIDs, "precursor_ids")
      case 14: either(.contentLength, "content_length")
      case 15: either(.isForwarded, "x_forwarded_for")
      default: nil
      }
    self = key ?? .other
  }
}
