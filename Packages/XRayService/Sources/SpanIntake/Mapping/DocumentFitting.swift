import XRayModel

extension Entity {
  /// The document, shortened step by step where it is over X-Ray's 64 KB: what is least missed goes first, and its
  /// metadata says what is missing. `nil` when even the bare entity does not fit.
  func fitting() -> (document: [UInt8], isShortened: Bool)? {
    let whole = document
    guard whole.count > SegmentIndex.documentBytesLimit else { return (whole, false) }
    var entity = self
    var missing: [String] = []
    for (name, shorten) in Self.steps {
      entity.forOneself(shorten)
      missing.append(name)
      entity.metadata["otel"] = [
        "shortened": .array(missing.map { .string($0) }), "document_bytes": .number(JSONNumber(whole.count)),
      ]
      let document = entity.document
      if document.count <= SegmentIndex.documentBytesLimit { return (document, true) }
    }
    return nil
  }

  private static var steps: [(name: String, shorten: (inout Entity) -> Void)] {
    [
      ("metadata", { $0.metadata = [:] }),
      ("links.attributes", { for index in $0.links.indices { $0.links[index].attributes = [:] } }),
      ("cause.exceptions.stack", { $0.shortenCause() }),
      ("long texts", { $0.shortenTexts(to: 4_096) }),
      ("annotations", { $0.annotations = [] }),
      ("aws", { $0.aws = [:] }),
      ("links", { $0.links = [] }),
      ("texts", { $0.shortenTexts(to: 512) }),
      ("cause", { $0.cause = nil }),
    ]
  }

  /// Applies a step to the entity and to the call that it may enclose.
  private mutating func forOneself(_ shorten: (inout Entity) -> Void) {
    shorten(&self)
    for index in subsegments.indices { shorten(&subsegments[index]) }
  }

  private mutating func shortenCause() {
    guard case .exceptions(var detail)? = cause else { return }
    detail.message = detail.message?.cut(to: 512)
    for index in detail.exceptions.indices {
      let frames = detail.exceptions[index].stack.count
      detail.exceptions[index].message = detail.exceptions[index].message?.cut(to: 512)
      detail.exceptions[index].type = detail.exceptions[index].type?.cut(to: 512)
      detail.exceptions[index].stack = []
      if frames > 0 { detail.exceptions[index].truncated = (detail.exceptions[index].truncated ?? 0) + frames }
    }
    cause = .exceptions(detail)
  }

  private mutating func shortenTexts(to limit: Int) {
    if var request = http?.request {
      request.url = request.url?.cut(to: limit)
      request.userAgent = request.userAgent?.cut(to: limit)
      request.method = request.method?.cut(to: 256)
      request.clientIP = request.clientIP?.cut(to: 256)
      http?.request = request
    }
    user = user?.cut(to: 256)
    resourceARN = resourceARN?.cut(to: limit)
    origin = origin?.cut(to: 256)
    if case .reference(let id)? = cause { cause = .reference(id.cut(to: 64)) }
    sql = sql.cut(to: limit)
    service = service.cut(to: limit)
  }
}

extension String {
  /// At most `limit` bytes, with a sign at the end where something is missing.
  func cut(to limit: Int) -> String {
    guard utf8.count > limit else { return self }
    // Half of a character at the end becomes U+FFFD.
    return String(decoding: utf8.prefix(limit), as: UTF8.self) + "…"
  }
}

extension JSONObject {
  fileprivate func cut(to limit: Int) -> JSONObject {
    JSONObject(
      members.map { member in
        JSONObject.Member(
          key: member.key, value: member.value.string.map { .string($0.cut(to: limit)) } ?? member.value)
      })
  }
}
