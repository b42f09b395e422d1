public import Traces
public import XRayModel

extension SummarySegment {
  public func id(at row: Int) -> TraceID {
    TraceID(
      epoch: UInt32(truncatingIfNeeded: epochs[row]), high: UInt32(truncatingIfNeeded: highs[row]),
      low: UInt64(bitPattern: lows[row]))
  }

  public func start(at row: Int) -> Timestamp { Timestamp(ticks: starts[row]) }

  /// The summaries of some rows, in the order asked.
  ///
  /// - Throws: ``ColumnError`` when root causes are damaged: they are not looked at before.
  public func summaries(at rows: some Sequence<Int>) throws(ColumnError) -> [TraceSummary] {
    let causes = try causes.opened()
    var summaries: [TraceSummary] = []
    for row in rows { summaries.append(summary(at: row, try causes.causes(of: row))) }
    return summaries
  }

  /// All summaries, in the order in which they were given.
  public func summaries() throws(ColumnError) -> [TraceSummary] { try summaries(at: 0..<count) }

  private func summary(at row: Int, _ causes: Causes) -> TraceSummary {
    var summary = TraceSummary(id: id(at: row), start: start(at: row))
    let flags = flags.place(row)
    summary.duration = durations[row] ?? 0
    summary.responseTime = responseTimes[row]
    summary.hasFault = flags & Flag.fault != 0
    summary.hasError = flags & Flag.error != 0
    summary.hasThrottle = flags & Flag.throttle != 0
    summary.isPartial = flags & Flag.partial != 0
    summary.http.url = urls[row]
    summary.http.status = statuses[row]
    summary.http.method = methods[row]
    summary.http.userAgent = userAgents[row]
    summary.http.clientIP = clientIPs[row]
    summary.annotations = annotations.annotations(of: row) { services(inList: $0) }
    summary.users = zip(userNames[row], userServices.lists[userServicePlaces.place(row)]).map {
      TraceSummary.User($0, services: services(inList: $1))
    }
    summary.services = services(inList: servicePlaces.place(row))
    summary.resourceARNs = resourceARNs[row]
    summary.instanceIDs = instanceIDs[row]
    summary.availabilityZones = availabilityZones[row]
    let entry = entryPoints.place(row)
    summary.entryPoint = entry == 0 ? nil : services[entry - 1]
    summary.revision = revisions.place(row)
    summary.faultRootCauses = causes.fault
    summary.errorRootCauses = causes.error
    summary.responseTimeRootCauses = causes.responseTime
    return summary
  }

  private func services(inList place: Int) -> [ServiceID] { serviceLists.lists[place].map { services[$0] } }
}
