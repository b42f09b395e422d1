import XRayModel

/// One rule's clients and what each may take from the reservoir.
struct RuleQuotas: Sendable {
  struct Grant {
    var quota: Int
    var expiry: Timestamp
  }

  struct Client {
    var lastReport: Timestamp
    /// Requests per second.
    var demand: Double
    var quota = 0
    /// Until when ``quota`` is the client's.
    var expiry: Timestamp

    func reserved(at now: Timestamp) -> Int { expiry >= now ? quota : 0 }
  }

  private(set) var history = SamplingHistory()
  private var clients: [String: Client] = [:]
  private var division = ReservoirDivision()
  /// The window in which the silent were last forgotten.
  private var lastForgetting = Int64.min

  /// Up to so many clients the division is made anew with each report; with more, once in a second.
  private static let promptLimit = 256

  var clientCount: Int { clients.count }

  func reserved(at now: Timestamp) -> Int { clients.values.reduce(0) { $0 + $1.reserved(at: now) } }

  /// Takes a report in. `nil` leaves the client without a quota: it goes on borrowing one request per second.
  mutating func take(_ report: SamplingStatistics, reservoir: Int, at now: Timestamp) -> Grant? {
    history.add(report, at: now)
    forget(at: now)
    let refusal = Grant(quota: 0, expiry: now.advanced(by: SamplingQuotas.refusalLifetime))
    guard var client = admit(report, at: now) else { return refusal }
    let isPrompt = clients.count <= Self.promptLimit
    if isPrompt || division.moment.wholeSeconds != now.wholeSeconds || division.reservoir != reservoir {
      division = ReservoirDivision(of: reservoir, among: clients.values, history: history, at: now)
    }
    let held = client.reserved(at: now)
    let quota = division.quota(for: client, at: now)
    let isEnough = reservoir > 0 && division.activeCount <= reservoir
    // Nothing is free yet, but will be when the others have reported.
    if quota == 0, held == 0, isEnough { return nil }
    let lifetime = quota > 0 || isEnough ? SamplingQuotas.quotaLifetime : SamplingQuotas.refusalLifetime
    client.quota = quota
    client.expiry = now.advanced(by: lifetime)
    clients[report.clientID] = client
    division.reserved += quota - held
    return Grant(quota: quota, expiry: client.expiry)
  }

  /// The client with what the report says about it; `nil` when no more clients can be remembered.
  private mutating func admit(_ report: SamplingStatistics, at now: Timestamp) -> Client? {
    let known = clients[report.clientID]
    guard known != nil || clients.count < SamplingQuotas.clientLimit else { return nil }
    // A new client has borrowed once in each second that had a request. Others report every ten seconds if there is
    // anything to report, so that their requests are not older.
    let seconds = known?.lastReport.duration(to: now).inSeconds ?? Double(report.borrowCount)
    let demand = Double(report.requestCount) / min(max(seconds, 1), 10)
    let wasActive = known.map { $0.lastReport.duration(to: now) < ReservoirDivision.activeSpan } ?? false
    if !wasActive { division.activeCount += 1 }
    let client = Client(
      lastReport: now, demand: demand, quota: known?.quota ?? 0, expiry: known?.expiry ?? now)
    clients[report.clientID] = client
    return client
  }

  /// Forgets, every ten seconds, the clients that have been silent for so long that a quota of 0 has expired, too.
  private mutating func forget(at now: Timestamp) {
    let window = now.wholeSeconds / 10
    guard window != lastForgetting else { return }
    lastForgetting = window
    let limit = now.advanced(by: .zero - SamplingQuotas.refusalLifetime)
    clients = clients.filter { $0.value.lastReport > limit }
  }
}
