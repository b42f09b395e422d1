import Traces
public import XRayModel

/// What is wrong with a text that should be an ``InsightLog``.
public struct InsightLogError: Error, Hashable, CustomStringConvertible {
  /// The member that is missing or holds something else than expected.
  public let member: String

  public var description: String { "not a log of insights: member \(member) is missing or malformed" }
}

extension InsightLog {
  /// Reads a log as ``write(to:)`` writes it. Members that it does not know are passed over.
  public init(json: JSONValue) throws(InsightLogError) {
    guard json["Version"]?.number?.integer == 1 else { throw InsightLogError(member: "Version") }
    for value in try json.list("Groups") {
      let detector = try InsightDetector(json: value)
      detectors[detector.groupName] = detector
    }
    for value in try json.list("Closed") { closed.append(try Insight(json: value, state: .closed)) }
    closed.removeFirst(max(0, closed.count - Self.closedLimit))
  }

  /// Writes all of the log as one object.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("Version", 1)
      writer.key("Groups")
      writer.array { writer in
        for name in groups { detectors[name]?.write(to: &writer) }
      }
      writer.key("Closed")
      writer.array { writer in for insight in closed { insight.writeAll(to: &writer) } }
    }
  }
}

extension InsightDetector {
  fileprivate init(json: JSONValue) throws(InsightLogError) {
    groupName = try json.text("Name")
    lastMinute = json["LastMinute"] == nil ? nil : try json.time("LastMinute")
    for value in try json.list("Active").prefix(Self.activeLimit) {
      active.append(try Insight(json: value, state: .active))
    }
    for value in try json.list("Services").prefix(Self.serviceLimit) {
      let band = FaultBand(
        requests: try value.number("Requests"), faults: try value.number("Faults"),
        minutes: try value.count("Minutes"))
      guard let band else { throw InsightLogError(member: "Requests") }
      memories[try ServiceID(json: value)] = Memory(band: band, lastMinute: try value.time("LastMinute"))
    }
  }

  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("Name", groupName)
      if let lastMinute { writer.member("LastMinute", lastMinute) }
      writer.key("Active")
      writer.array { writer in for insight in active { insight.writeAll(to: &writer) } }
      writer.key("Services")
      writer.array { writer in
        for (id, memory) in memories.sorted(by: { $0.key < $1.key }) {
          writer.object { writer in
            id.writeMembers(to: &writer)
            writer.member("Requests", memory.band.requests)
            writer.member("Faults", memory.band.faults)
            writer.member("Minutes", memory.band.minutes)
            writer.member("LastMinute", memory.lastMinute)
          }
        }
      }
    }
  }
}

extension Insight {
  fileprivate init(json: JSONValue, state: State) throws(InsightLogError) {
    self.init(
      id: try json.text("Id"), groupName: try json.text("GroupName"),
      rootCause: try ServiceID(json: try json.member("RootCause")), start: try json.time("Start"),
      lastAnomaly: try json.time("LastAnomaly"))
    self.state = state
    lastUpdate = try json.time("LastUpdate")
    clientImpact = try RequestImpact(json: try json.member("ClientImpact"))
    if let value = json["Challenger"] { challenger = try ServiceID(json: value) }
    services = []
    for value in try json.list("Services").prefix(Self.serviceLimit) {
      services.append(
        Service(id: try ServiceID(json: value), impact: try RequestImpact(json: try value.member("Impact"))))
    }
    for value in try json.list("Events").prefix(Self.eventLimit) { events.append(try Event(json: value)) }
  }

  /// All there is to it; its state is told by the list that holds it.
  fileprivate func writeAll(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("Id", id)
      writer.member("GroupName", groupName)
      writer.key("RootCause")
      rootCause.write(to: &writer)
      writer.member("Start", start)
      writer.member("LastAnomaly", lastAnomaly)
      writer.member("LastUpdate", lastUpdate)
      writer.key("ClientImpact")
      clientImpact.write(to: &writer)
      if let challenger {
        writer.key("Challenger")
        challenger.write(to: &writer)
      }
      writer.key("Services")
      writer.array { writer in
        for service in services {
          writer.object { writer in
            service.id.writeMembers(to: &writer)
            writer.key("Impact")
            service.impact.write(to: &writer)
          }
        }
      }
      writer.key("Events")
      writer.array { writer in for event in events { event.write(to: &writer) } }
    }
  }
}

extension Insight.Event {
  fileprivate init(json: JSONValue) throws(InsightLogError) {
    time = try json.time("EventTime")
    summary = try json.text("Summary")
    clientImpact = try RequestImpact(json: try json.member("ClientRequestImpactStatistics"))
    rootCauseImpact = try RequestImpact(json: try json.member("RootCauseServiceRequestImpactStatistics"))
    topAnomalousServices = []
    for value in try json.list("TopAnomalousServices").prefix(Insight.topLimit) {
      topAnomalousServices.append(try ServiceID(json: try value.member("ServiceId")))
    }
  }
}

extension RequestImpact {
  fileprivate init(json: JSONValue) throws(InsightLogError) {
    self.init(fault: try json.count("FaultCount"), ok: try json.count("OkCount"), total: try json.count("TotalCount"))
  }
}

extension ServiceID {
  fileprivate init(json: JSONValue) throws(InsightLogError) {
    self.init(name: try json.text("Name"), type: json["Type"]?.string, accountID: json["AccountId"]?.string)
  }
}

extension JSONValue {
  fileprivate func member(_ name: String) throws(InsightLogError) -> JSONValue {
    guard let value = self[name] else { throw InsightLogError(member: name) }
    return value
  }

  fileprivate func list(_ name: String) throws(InsightLogError) -> [JSONValue] {
    guard let list = self[name]?.array else { throw InsightLogError(member: name) }
    return list
  }

  fileprivate func text(_ name: String) throws(InsightLogError) -> String {
    guard let text = self[name]?.string else { throw InsightLogError(member: name) }
    return text
  }

  fileprivate func count(_ name: String) throws(InsightLogError) -> Int {
    guard let count = self[name]?.number?.integer else { throw InsightLogError(member: name) }
    return count
  }

  fileprivate func number(_ name: String) throws(InsightLogError) -> Double {
    guard let number = self[name]?.number?.double, number.isFinite else { throw InsightLogError(member: name) }
    return number
  }

  /// Times of insights are whole minutes, or of a clock; a double holds both to the microsecond.
  fileprivate func time(_ name: String) throws(InsightLogError) -> Timestamp {
    Timestamp(seconds: try number(name))
  }
}
