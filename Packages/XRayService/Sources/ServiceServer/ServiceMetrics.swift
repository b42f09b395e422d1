import DaemonServer
import Traces
import XRayDaemon
import XRayService

/// What `/metrics` answers.
struct ServiceMetrics: Sendable {
  let daemon: Daemon
  let telemetry: DaemonTelemetry
  let store: any TraceStore
  let counts: BoundCounts
  let start: ContinuousClock.Instant

  func text(spans: SpanStore.Counts) async -> String {
    var metrics = MetricsText()
    metrics.add(daemon.status)
    if let server = counts.server?.counts {
      metrics.add(server)
      metrics.add(calls: server)
    }
    metrics.add(spans)
    metrics.add(telemetry.totals)
    // Without it the rest is still worth telling.
    if let statistics = try? await store.statistics() { metrics.add(statistics) }
    metrics.family("fluoro_uptime_seconds", .gauge, "Seconds since the start.") {
      $0.sample(Int(start.duration(to: .now) / .seconds(1)))
    }
    return metrics.text
  }
}

extension MetricsText {
  fileprivate mutating func add(calls server: ServerCounts) {
    family("fluoro_api_calls_total", .counter, "Calls of X-Ray's operations by class of the answer's status.") {
      for (request, count) in server.requests.sorted(by: {
        ($0.key.path, $0.key.statusClass) < ($1.key.path, $1.key.statusClass)
      }) {
        guard let operation = XRayService.operationName(at: request.path) else { continue }
        $0.sample(["operation": operation, "status": "\(request.statusClass)xx"], count)
      }
    }
  }

  fileprivate mutating func add(_ telemetry: TelemetryCounts) {
    family("fluoro_daemon_telemetry_segments_total", .counter, "What daemons elsewhere told of themselves.") {
      $0.sample(["outcome": "received"], telemetry.segmentsReceived)
      $0.sample(["outcome": "sent"], telemetry.segmentsSent)
      $0.sample(["outcome": "spilled"], telemetry.segmentsSpilled)
      $0.sample(["outcome": "rejected"], telemetry.segmentsRejected)
    }
  }

  fileprivate mutating func add(_ spans: SpanStore.Counts) {
    family("fluoro_spans_total", .counter, "Spans of other systems by what became of them.") {
      for kind in SpanProtocol.allCases {
        let count = spans[kind]
        $0.sample(["protocol": kind.rawValue, "outcome": "taken"], count.taken)
        $0.sample(["protocol": kind.rawValue, "outcome": "rejected"], count.rejected)
      }
    }
  }

  fileprivate mutating func add(_ store: StoreStatistics) {
    family("fluoro_documents_received_total", .counter, "Documents that the store was given, by any way.") {
      $0.sample(store.received)
    }
    family("fluoro_documents_rejected_total", .counter, "Documents that the store refused, by X-Ray's code.") {
      for (code, count) in store.rejected.sorted(by: { $0.key < $1.key }) { $0.sample(["code": code], count) }
    }
    family("fluoro_documents_tolerated_total", .counter, "Oddities that were let through, by reason.") {
      for (reason, count) in store.tolerated.sorted(by: { $0.key < $1.key }) { $0.sample(["reason": reason], count) }
    }
    family("fluoro_store_documents", .gauge, "Documents held.") { $0.sample(store.documents) }
    family("fluoro_store_traces", .gauge, "Traces held.") { $0.sample(store.traces) }
    family("fluoro_store_document_bytes", .gauge, "Bytes of the documents held, as they were sent.") {
      $0.sample(store.documentBytes)
    }
    family("fluoro_store_bytes", .gauge, "Bytes that the store takes on disk.") { $0.sample(store.storedBytes) }
  }
}
