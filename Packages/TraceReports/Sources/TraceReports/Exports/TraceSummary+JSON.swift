public import Traces
public import XRayModel

extension TraceSummary {
  /// Writes the summary as X-Ray's `GetTraceSummaries` answers it, with the names of its members.
  ///
  /// - Parameter matchedEvent: When the trace fell into the range that was asked for, where that is not its start.
  public func write(to writer: inout JSONWriter, matchedEvent: Timestamp? = nil) {
    writer.object { writer in
      writer.member("Id", id.description)
      writer.member("StartTime", start)
      writer.member("Duration", duration)
      if let responseTime { writer.member("ResponseTime", responseTime) }
      writer.member("HasFault", hasFault)
      writer.member("HasError", hasError)
      writer.member("HasThrottle", hasThrottle)
      writer.member("IsPartial", isPartial)
      writer.key("Http")
      http.write(to: &writer)
      writeAnnotations(to: &writer)
      writer.list("Users", users) { user, writer in
        writer.member("UserName", user.name)
        writer.services("ServiceIds", user.services)
      }
      writer.services("ServiceIds", services)
      writer.list("ResourceARNs", resourceARNs) { $1.member("ARN", $0) }
      writer.list("InstanceIds", instanceIDs) { $1.member("Id", $0) }
      writer.list("AvailabilityZones", availabilityZones) { $1.member("Name", $0) }
      if let entryPoint {
        writer.key("EntryPoint")
        entryPoint.write(to: &writer)
      }
      writer.list("FaultRootCauses", faultRootCauses) { $0.writeMembers(to: &$1) }
      writer.list("ErrorRootCauses", errorRootCauses) { $0.writeMembers(to: &$1) }
      writer.list("ResponseTimeRootCauses", responseTimeRootCauses) { $0.writeMembers(to: &$1) }
      writer.member("Revision", revision)
      if let matchedEvent { writer.member("MatchedEventTime", matchedEvent) }
    }
  }

  /// By key, each key once.
  private func writeAnnotations(to writer: inout JSONWriter) {
    writer.key("Annotations")
    writer.object { writer in
      var rest = annotations[...]
      while let key = rest.first?.key {
        let values = rest.prefix { $0.key == key }
        rest = rest.dropFirst(values.count)
        writer.list(key, Array(values)) { annotation, writer in
          writer.key("AnnotationValue")
          writer.object { writer in
            switch annotation.value {
            case .string(let value): writer.member("StringValue", value)
            case .number(let value): writer.member("NumberValue", JSONValue.number(value))
            case .boolean(let value): writer.member("BooleanValue", value)
            }
          }
          writer.services("ServiceIds", annotation.services)
        }
      }
    }
  }
}

extension TraceSummary.HTTP {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      if let url { writer.member("HttpURL", url) }
      // What a document calls a status may be any number; clients read 32 bits.
      if let status, (0...999).contains(status) { writer.member("HttpStatus", status) }
      if let method { writer.member("HttpMethod", method) }
      if let userAgent { writer.member("UserAgent", userAgent) }
      if let clientIP { writer.member("ClientIp", clientIP) }
    }
  }
}

extension RootCause {
  fileprivate func writeMembers(to writer: inout JSONWriter) {
    writer.list("Services", services) { service, writer in
      service.id.writeMembers(to: &writer)
      writer.list("EntityPath", service.path) { $0.writeMembers(to: &$1) }
      writer.member("Inferred", service.isInferred)
    }
    writer.member("ClientImpacting", isClientImpacting)
  }
}

extension RootCause.PathEntity {
  fileprivate func writeMembers(to writer: inout JSONWriter) {
    writer.member("Name", name)
    if let coverage {
      writer.member("Coverage", coverage)
    } else {
      writer.list("Exceptions", exceptions) { exception, writer in
        writer.member("Name", exception.name)
        writer.member("Message", exception.message)
      }
    }
    writer.member("Remote", isRemote)
  }
}

extension JSONWriter {
  /// A member that is a list of objects.
  fileprivate mutating func list<Element>(
    _ key: String, _ elements: [Element], _ members: (Element, inout JSONWriter) -> Void
  ) {
    self.key(key)
    array { writer in
      for element in elements { writer.object { members(element, &$0) } }
    }
  }

  fileprivate mutating func services(_ key: String, _ ids: [ServiceID]) { list(key, ids) { $0.writeMembers(to: &$1) } }
}
