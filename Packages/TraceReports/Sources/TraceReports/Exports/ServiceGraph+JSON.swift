public import Traces
public import XRayModel

extension ServiceGraph {
  /// Writes the graph as X-Ray's `GetServiceGraph` answers it, with names of its members: `StartTime`, `EndTime`,
  /// `Services`, `ContainsOldGroupVersions`.
  public func write(to writer: inout JSONWriter) { writer.object { writeMembers(to: &$0) } }

  /// The members of that answer, within an object.
  public func writeMembers(to writer: inout JSONWriter) {
    writer.member("StartTime", start)
    writer.member("EndTime", end)
    writeServices(to: &writer)
    writer.member("ContainsOldGroupVersions", false)
  }

  /// The member `Services` alone, within an object.
  ///
  /// - Parameter withTimes: Whether services and edges tell when they were first and last seen; X-Ray's
  ///   `GetTraceGraph` does not.
  public func writeServices(to writer: inout JSONWriter, withTimes: Bool = true) {
    writer.key("Services")
    writer.array { writer in
      for reference in services.indices { writeService(at: reference, to: &writer, withTimes: withTimes) }
    }
  }

  /// One service of the list, which its place names.
  public func writeService(at reference: Int, to writer: inout JSONWriter, withTimes: Bool = true) {
    services[reference].write(to: &writer, reference: reference, withTimes: withTimes)
  }
}

extension ServiceGraph.Service {
  fileprivate func write(to writer: inout JSONWriter, reference: Int, withTimes: Bool) {
    writer.object { writer in
      writer.member("ReferenceId", reference)
      id.writeMembers(to: &writer)
      if isRoot { writer.member("Root", true) }
      writer.member("State", state.rawValue)
      if withTimes {
        writer.member("StartTime", start)
        writer.member("EndTime", end)
      }
      writer.key("Edges")
      writer.array { writer in for edge in edges { edge.write(to: &writer, withTimes: withTimes) } }
      if let statistics {
        writer.key("SummaryStatistics")
        statistics.write(to: &writer)
        writer.key("DurationHistogram")
        durations.write(to: &writer)
        writer.key("ResponseTimeHistogram")
        responseTimes.write(to: &writer)
      }
    }
  }
}

extension ServiceGraph.Edge {
  fileprivate func write(to writer: inout JSONWriter, withTimes: Bool) {
    writer.object { writer in
      writer.member("ReferenceId", target)
      if withTimes {
        writer.member("StartTime", start)
        writer.member("EndTime", end)
      }
      writer.key("SummaryStatistics")
      statistics.write(to: &writer)
      // Along a link, the histogram holds how old the events were when they were received.
      writer.key(isLink ? "ReceivedEventAgeHistogram" : "ResponseTimeHistogram")
      responseTimes.write(to: &writer)
      writer.key("Aliases")
      writer.array { writer in
        for alias in aliases {
          writer.object { writer in
            writer.member("Name", alias.name)
            writer.member("Names", .array([.string(alias.name)]))
            if let type = alias.type { writer.member("Type", type) }
          }
        }
      }
      if isLink { writer.member("EdgeType", "link") }
    }
  }
}

extension Statistics {
  /// Writes them as X-Ray's `ServiceStatistics` and `EdgeStatistics`.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("OkCount", ok)
      writer.key("ErrorStatistics")
      writer.object { writer in
        writer.member("ThrottleCount", throttle)
        writer.member("OtherCount", error)
        writer.member("TotalCount", throttle + error)
      }
      writer.key("FaultStatistics")
      writer.object { writer in
        writer.member("OtherCount", fault)
        writer.member("TotalCount", fault)
      }
      writer.member("TotalCount", total)
      writer.member("TotalResponseTime", totalResponseTime)
    }
  }
}

extension Histogram {
  /// Writes it as a list of X-Ray's `HistogramEntry`.
  public func write(to writer: inout JSONWriter) {
    writer.array { writer in
      for entry in entries {
        writer.object { writer in
          writer.member("Value", entry.value)
          writer.member("Count", entry.count)
        }
      }
    }
  }
}

extension ServiceID {
  /// The members of X-Ray's `ServiceId`, within an object.
  func writeMembers(to writer: inout JSONWriter) {
    writer.member("Name", name)
    writer.member("Names", .array([.string(name)]))
    if let accountID { writer.member("AccountId", accountID) }
    if let type { writer.member("Type", type) }
  }

  func write(to writer: inout JSONWriter) { writer.object { writeMembers(to: &$0) } }
}
