import Traces
public import XRayModel

extension Insight {
  /// Writes the insight as X-Ray's `GetInsight` answers it, with the names of `Insight`'s members.
  ///
  /// - Parameter groupARN: Of the group as it is known now; left out when there is none any more.
  public func write(to writer: inout JSONWriter, groupARN: String? = nil) {
    writer.object { writeMembers(to: &$0, groupARN: groupARN) }
  }

  /// Writes the insight as one of the `InsightSummaries` that X-Ray's `GetInsightSummaries` answers.
  public func writeSummary(to writer: inout JSONWriter, groupARN: String? = nil) {
    writer.object { writer in
      writeMembers(to: &writer, groupARN: groupARN)
      writer.member("LastUpdateTime", lastUpdate)
    }
  }

  private func writeMembers(to writer: inout JSONWriter, groupARN: String?) {
    writer.member("InsightId", id)
    if let groupARN { writer.member("GroupARN", groupARN) }
    writer.member("GroupName", groupName)
    writer.key("RootCauseServiceId")
    rootCause.write(to: &writer)
    writer.member("Categories", .array(["FAULT"]))
    writer.member("State", state.rawValue)
    writer.member("StartTime", start)
    if let end { writer.member("EndTime", end) }
    writer.member("Summary", summary)
    writer.impact(client: clientImpact, rootCause: rootCauseImpact, services: topAnomalousServices)
  }
}

extension Insight.Event {
  /// Writes the event as one of the `InsightEvents` that X-Ray's `GetInsightEvents` answers.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("Summary", summary)
      writer.member("EventTime", time)
      writer.impact(client: clientImpact, rootCause: rootCauseImpact, services: topAnomalousServices)
    }
  }
}

extension RequestImpact {
  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("FaultCount", fault)
      writer.member("OkCount", ok)
      writer.member("TotalCount", total)
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

extension JSONWriter {
  /// The members that tell how bad it is, of insights and of their events.
  fileprivate mutating func impact(client: RequestImpact, rootCause: RequestImpact, services: [ServiceID]) {
    key("ClientRequestImpactStatistics")
    client.write(to: &self)
    key("RootCauseServiceRequestImpactStatistics")
    rootCause.write(to: &self)
    key("TopAnomalousServices")
    array { writer in
      for service in services {
        writer.object { writer in
          writer.key("ServiceId")
          service.write(to: &writer)
        }
      }
    }
  }
}
