public import Traces
import XRayModel

extension SummarySegment {
  /// All summaries, in the order of rows.
  ///
  /// - Throws: ``ColumnError`` when texts or root causes are damaged: they are not looked at before.
  public func summaries() throws(ColumnError) -> [TraceSummary] { try summaries(at: 0..<count) }

  /// The summaries of some rows, in the order asked; of hidden ones too.
  ///
  /// - Throws: ``ColumnError`` when texts or root causes are damaged: they are not looked at before.
  public func summaries(at rows: some Sequence<Int>) throws(ColumnError) -> [TraceSummary] {
    var summaries: [TraceSummary] = []
    for row in rows { summaries.append(try summary(at: row)) }
    return summaries
  }

  /// The summary of one row, hidden or not.
  ///
  /// - Throws: ``ColumnError`` when texts or root causes are damaged: they are not looked at before.
  public func summary(at row: Int) throws(ColumnError) -> TraceSummary {
    var summary = TraceSummary(id: id(at: row), start: start(at: row))
    let flags = flags.place(row)
    summary.duration = durations[row] ?? 0
    summary.responseTime = responseTimes[row]
    summary.hasFault = flags & Flag.fault != 0
    summary.hasError = flags & Flag.error != 0
    summary.hasThrottle = flags & Flag.throttle != 0
    summary.isPartial = flags & Flag.partial != 0
    summary.http.url = try urls.text(of: row)
    summary.http.status = statuses[row]
    summary.http.method = try methods.text(of: row)
    summary.http.userAgent = try userAgents.text(of: row)
    summary.http.clientIP = try clientIPs.text(of: row)
    summary.annotations = try annotations.annotations(of: row) { services(inList: $0) }
    let users = try userNames.texts(of: row)
    summary.users = zip(users, userServices[userServicePlaces.place(row)]).map {
      TraceSummary.User($0, services: services(inList: $1))
    }
    summary.services = services(inList: servicePlaces.place(row))
    summary.resourceARNs = try resourceARNs.texts(of: row)
    summary.instanceIDs = try instanceIDs.texts(of: row)
    summary.availabilityZones = try availabilityZones.texts(of: row)
    let entry = entryPoints.place(row)
    summary.entryPoint = entry == 0 ? nil : services[entry - 1]
    summary.revision = revisions.place(row)
    summary.faultRootCauses = try faultCauses.causes(of: row)
    summary.errorRootCauses = try errorCauses.causes(of: row)
    summary.responseTimeRootCauses = try responseTimeCauses.causes(of: row)
    return summary
  }

  private func services(inList place: Int) -> [ServiceID] { serviceLists[place].map { services[$0] } }
}
