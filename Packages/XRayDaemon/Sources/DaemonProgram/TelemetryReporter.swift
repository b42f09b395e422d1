import Logging
import RemoteSink
import Synchronization
import XRayDaemon
import XRayModel

/// Tells X-Ray how the daemon fares, as the official daemon does: a record a minute once a segment came, and one when
/// it ends (spec daemon.md §1.7). Ours is cut when the last batch is settled, so that it is true.
actor TelemetryReporter {
  struct Identity: Sendable {
    var instanceID = ""
    var hostName = ""
    var resourceARN = ""
  }

  static let interval = Duration.seconds(60)
  /// Records that wait when X-Ray does not take them; the oldest goes first.
  private static let queueLimit = 30
  private static let recordsPerCall = 10

  private let outlet: Outlet
  private let identity: Identity
  private let clock: any WallClock
  private let logger: Logger
  private let totals: @Sendable () -> Totals
  private var last = Totals()
  private var queue: [Record] = []

  /// What has happened since the start.
  struct Totals: Sendable {
    var received = 0
    var sent = 0
    var rejected = 0
    var spillover = 0
    var failures = SinkFailures()

    init() {}

    init(_ status: Daemon.DeliveryStatus) {
      let hops = status.ledger.hops
      // Kernel, daemon, sink.
      guard hops.count == 3 else { return }
      // With what the kernel dropped, so that the record adds up.
      received = hops[0].received
      sent = hops[2].passedOn
      rejected = hops[1].rejectedTotal + hops[2].rejectedTotal
      spillover = hops[0].droppedTotal + hops[1].droppedTotal
      failures = status.failures
    }
  }

  /// - Parameter outlet: Asked for its API with each call, as that may be exchanged.
  init(
    outlet: Outlet, identity: Identity, clock: any WallClock, logger: Logger, totals: @escaping @Sendable () -> Totals
  ) {
    self.outlet = outlet
    self.identity = identity
    self.clock = clock
    self.logger = logger
    self.totals = totals
  }

  /// Reports until the task is cancelled.
  func run() async {
    while (try? await Task.sleep(for: Self.interval)) != nil {
      cut()
      await send()
    }
  }

  /// The last record, once all is delivered; nobody waits long for it.
  func finish() async {
    cut()
    await send()
  }

  /// Nothing before the first segment; then also that nothing came.
  private func cut() {
    let now = totals()
    guard now.received > 0 else { return }
    queue.append(Record(now: now, last: last, moment: clock.now))
    last = now
    if queue.count > Self.queueLimit { queue.removeFirst() }
  }

  private func send() async {
    while !queue.isEmpty {
      let records = queue.prefix(Self.recordsPerCall)
      do {
        _ = try await outlet.api.call("/TelemetryRecords", body(records))
        queue.removeFirst(records.count)
      } catch {
        logger.debug("Sending telemetry records failed, they stay queued: \(error)")
        return
      }
    }
  }

  private func body(_ records: ArraySlice<Record>) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("EC2InstanceId", identity.instanceID)
      writer.member("Hostname", identity.hostName)
      writer.member("ResourceARN", identity.resourceARN)
      writer.key("TelemetryRecords")
      writer.array { writer in for record in records { record.write(into: &writer) } }
    }
    return writer.bytes
  }
}

/// What happened between two moments.
private struct Record: Sendable {
  let now: TelemetryReporter.Totals
  let last: TelemetryReporter.Totals
  let moment: Timestamp

  func write(into writer: inout JSONWriter) {
    writer.object { writer in
      writer.key("BackendConnectionErrors")
      writer.object { writer in
        let (now, last) = (now.failures, last.failures)
        writer.member("ConnectionRefusedCount", now.connectionRefused - last.connectionRefused)
        writer.member("HTTPCode4XXCount", now.status4XX - last.status4XX)
        writer.member("HTTPCode5XXCount", now.status5XX - last.status5XX)
        writer.member("OtherCount", now.other - last.other)
        writer.member("TimeoutCount", now.timeout - last.timeout)
        writer.member("UnknownHostCount", now.unknownHost - last.unknownHost)
      }
      writer.member("SegmentsReceivedCount", now.received - last.received)
      writer.member("SegmentsRejectedCount", now.rejected - last.rejected)
      writer.member("SegmentsSentCount", now.sent - last.sent)
      writer.member("SegmentsSpilloverCount", now.spillover - last.spillover)
      writer.key("Timestamp")
      writer.number(moment)
    }
  }
}
