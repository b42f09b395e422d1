extension Entity {
  /// The document: JSON without blanks, members in a fixed order. Embedded subsegments carry no `trace_id`,
  /// `parent_id` or `type`, which their place implies; numbers that JSON cannot hold become `null`.
  public var document: [UInt8] {
    var writer = JSONWriter()
    write(to: &writer)
    return writer.bytes
  }

  /// Writes the entity as a document of its own.
  public func write(to writer: inout JSONWriter) { write(to: &writer, isEmbedded: false) }

  private func write(to writer: inout JSONWriter, isEmbedded: Bool) {
    writer.object { writer in
      writer.member("id", id.description)
      if let name { writer.member("name", name) }
      writer.member("start_time", start)
      if !isEmbedded {
        if let traceID { writer.member("trace_id", traceID.description) }
        if let parentID { writer.member("parent_id", parentID.description) }
        if kind == .subsegment { writer.member("type", "subsegment") }
      }
      if let end { writer.member("end_time", end) } else { writer.member("in_progress", true) }
      writeDescription(to: &writer)
      if !subsegments.isEmpty {
        writer.key("subsegments")
        writer.array { writer in for entity in subsegments { entity.write(to: &writer, isEmbedded: true) } }
      }
      for member in other.members { writer.member(member.key, member.value) }
    }
  }

  /// Everything between the times and the subsegments.
  private func writeDescription(to writer: inout JSONWriter) {
    writer.optional("namespace", namespace)
    writer.optional("origin", origin)
    writer.optional("resource_arn", resourceARN)
    writer.optional("user", user)
    writer.flag("error", isError)
    writer.flag("fault", isFault)
    writer.flag("throttle", isThrottle)
    writer.flag("inferred", isInferred)
    http?.write(to: &writer)
    cause?.write(to: &writer)
    writer.nonEmpty("aws", aws)
    writer.nonEmpty("sql", sql)
    writer.nonEmpty("service", service)
    writer.nonEmpty("annotations", JSONObject(annotations.map { .init(key: $0.key, value: $0.value.json) }))
    writer.nonEmpty("metadata", metadata)
    if !links.isEmpty {
      writer.key("links")
      writer.array { writer in for link in links { link.write(to: &writer) } }
    }
    if !precursorIDs.isEmpty {
      writer.key("precursor_ids")
      writer.array { writer in for id in precursorIDs { writer.string(id.description) } }
    }
  }
}

extension JSONWriter {
  fileprivate mutating func optional(_ key: String, _ value: String?) { if let value { member(key, value) } }
  fileprivate mutating func optional(_ key: String, _ value: Int?) { if let value { member(key, value) } }
  fileprivate mutating func optional(_ key: String, _ value: Bool?) { if let value { member(key, value) } }
  fileprivate mutating func flag(_ key: String, _ value: Bool) { if value { member(key, true) } }
  fileprivate mutating func nonEmpty(_ key: String, _ object: JSONObject) {
    if !object.isEmpty { member(key, .object(object)) }
  }
  fileprivate mutating func members(of object: JSONObject) {
    for member in object.members { self.member(member.key, member.value) }
  }
}

extension HTTPBlock {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.key("http")
    writer.object { writer in
      if let request {
        writer.key("request")
        writer.object { writer in
          writer.optional("method", request.method)
          writer.optional("url", request.url)
          writer.optional("user_agent", request.userAgent)
          writer.optional("client_ip", request.clientIP)
          writer.optional("x_forwarded_for", request.isForwarded)
          writer.optional("traced", request.isTraced)
          writer.members(of: request.other)
        }
      }
      if let response {
        writer.key("response")
        writer.object { writer in
          writer.optional("status", response.status)
          writer.optional("content_length", response.contentLength)
          writer.members(of: response.other)
        }
      }
      writer.members(of: other)
    }
  }
}

extension Cause {
  fileprivate func write(to writer: inout JSONWriter) {
    switch self {
    case .reference(let id): writer.member("cause", id)
    case .exceptions(let detail):
      writer.key("cause")
      detail.write(to: &writer)
    }
  }
}

extension CauseDetail {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.optional("working_directory", workingDirectory)
      if !paths.isEmpty { writer.member("paths", .array(paths.map { .string($0) })) }
      writer.optional("message", message)
      if !exceptions.isEmpty {
        writer.key("exceptions")
        writer.array { writer in for exception in exceptions { exception.write(to: &writer) } }
      }
      writer.members(of: other)
    }
  }
}

extension CapturedException {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.optional("id", id)
      writer.optional("message", message)
      writer.optional("type", type)
      writer.optional("remote", isRemote)
      writer.optional("truncated", truncated)
      writer.optional("skipped", skipped)
      writer.optional("cause", cause)
      if !stack.isEmpty {
        writer.key("stack")
        writer.array { writer in
          for frame in stack {
            writer.object { writer in
              writer.optional("path", frame.path)
              writer.optional("line", frame.line)
              writer.optional("label", frame.label)
            }
          }
        }
      }
      writer.members(of: other)
    }
  }
}

extension TraceLink {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("trace_id", traceID.description)
      if let id { writer.member("id", id.description) }
      if !attributes.isEmpty { writer.member("attributes", .object(attributes)) }
    }
  }
}
