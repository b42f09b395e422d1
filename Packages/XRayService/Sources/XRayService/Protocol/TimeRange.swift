import XRayModel

extension Fields {
  /// `StartTime` and `EndTime`, half-open at the end.
  ///
  /// - Parameter limit: The longest range, where X-Ray has one.
  func timeRange(atMost limit: Duration? = nil) throws(APIError) -> Range<Timestamp> {
    let start = try require("StartTime", moment("StartTime"))
    let end = try require("EndTime", moment("EndTime"))
    guard start <= end else { throw APIError.invalidRequest("End time cannot be earlier than start time") }
    if let limit, start.duration(to: end) > limit {
      throw APIError.invalidRequest("Time range cannot be longer than \(limit.components.seconds / 3600) hours")
    }
    return start..<end
  }

  /// Ids in either form, each once.
  func traceIDs(atMost limit: Int, _ message: String) throws(APIError) -> [TraceID] {
    let texts = try require("TraceIds", texts("TraceIds", 1...35))
    guard texts.count <= limit else { throw APIError.invalidRequest(message) }
    var ids: [TraceID] = []
    for text in texts {
      guard let id = TraceID(text) ?? TraceID(w3c: text) else {
        throw APIError.invalidRequest("Invalid trace id \(text): incorrect id format")
      }
      guard !ids.contains(id) else { throw APIError.invalidRequest("Containing duplicate trace ids") }
      ids.append(id)
    }
    return ids
  }

  /// Refuses a token for what has one page only, as X-Ray does.
  func refuseToken() throws(APIError) {
    if has("NextToken") { throw APIError.invalidRequest("NextToken is currently not supported") }
  }
}
