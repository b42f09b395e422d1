extension DocumentBatch {
  /// Why a body holds no list of documents.
  public enum ReadingError: Error, Hashable, Sendable {
    case malformed(JSONError)
    /// The body is no object, or `TraceSegmentDocuments` is not an array of strings.
    case wrongType
    /// The member `TraceSegmentDocuments` is absent or null.
    case missing
  }

  /// Reads the body of a `PutTraceSegments` call: documents are strings there, whose escapes are resolved straight
  /// into the batch.
  public init(readingPutTraceSegments body: Span<UInt8>) throws(ReadingError) {
    let result = body.withUnsafeBytes { buffer -> Result<Documents, JSONError> in
      var cursor = JSONCursor(buffer)
      do throws(JSONError) {
        let documents = try cursor.documents()
        try cursor.finish()
        return .success(documents)
      } catch {
        return .failure(error)
      }
    }
    switch result {
    case .success(.batch(let batch)): self = batch
    case .success(.missing): throw .missing
    case .success(.wrongType): throw .wrongType
    case .failure(let error): throw .malformed(error)
    }
  }
}

/// What the member `TraceSegmentDocuments` is.
private enum Documents {
  case batch(DocumentBatch)
  case missing
  case wrongType
}

extension JSONCursor {
  fileprivate mutating func documents() throws(JSONError) -> Documents {
    guard try peek() == UInt8(ascii: "{") else {
      try skipValue(depth: 0)
      return .wrongType
    }
    try open(UInt8(ascii: "{"), depth: 0)
    var documents = Documents.missing
    if try isEmpty(until: UInt8(ascii: "}")) { return documents }
    repeat {
      if text(try key(), is: "TraceSegmentDocuments") {
        documents = try documentList()
      } else {
        try skipValue(depth: 1)
      }
    } while try continues(until: UInt8(ascii: "}"))
    return documents
  }

  private mutating func documentList() throws(JSONError) -> Documents {
    let first = try peek()
    guard first == UInt8(ascii: "[") else {
      try skipValue(depth: 1)
      return first == UInt8(ascii: "n") ? .missing : .wrongType
    }
    try open(UInt8(ascii: "["), depth: 1)
    var batch = DocumentBatch()
    var areStrings = true
    if try isEmpty(until: UInt8(ascii: "]")) { return .batch(batch) }
    repeat {
      if try peek() == UInt8(ascii: "\"") {
        let token = try string()
        batch.append { append(token, to: &$0) }
      } else {
        areStrings = false
        try skipValue(depth: 2)
      }
    } while try continues(until: UInt8(ascii: "]"))
    return areStrings ? .batch(batch) : .wrongType
  }
}
