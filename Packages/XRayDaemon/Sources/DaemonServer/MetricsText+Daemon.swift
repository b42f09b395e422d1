public import XRayDaemon
import XRayModel

extension MetricsText {
  /// The families `fluoro_daemon_…` that tell what became of documents, by destination.
  public mutating func add(_ status: [Daemon.DeliveryStatus]) {
    family("fluoro_daemon_documents_total", .counter, "Documents by what became of them at each hop.") {
      for destination in status { for hop in destination.ledger.hops { $0.add(hop, destination.name) } }
    }
    family("fluoro_daemon_documents_held", .gauge, "Documents queued, in flight or spooled.") {
      for destination in status {
        for hop in destination.ledger.hops {
          $0.sample(["hop": hop.name, "destination": destination.name], hop.held)
        }
      }
    }
    family("fluoro_daemon_spooled_documents", .gauge, "Those of them that lie in the spool.") {
      for destination in status { $0.sample(["destination": destination.name], destination.spooledDocuments) }
    }
    family("fluoro_daemon_spool_bytes", .gauge, "Bytes of the spool's files.") {
      for destination in status { $0.sample(["destination": destination.name], destination.spooledBytes) }
    }
    family("fluoro_daemon_buffered_bytes", .gauge, "Bytes of the memory budget in use.") {
      for destination in status { $0.sample(["destination": destination.name], destination.bufferedBytes) }
    }
    family("fluoro_daemon_call_failures_total", .counter, "Calls to X-Ray that failed, by how.") {
      for destination in status {
        for (reason, count) in destination.failures.byReason {
          $0.sample(["destination": destination.name, "reason": reason], count)
        }
      }
    }
  }

  /// The families `fluoro_daemon_…` that tell what the TCP port did.
  public mutating func add(_ server: ServerCounts) {
    family("fluoro_daemon_requests_total", .counter, "HTTP requests by path and class of the answer's status.") {
      for (request, count) in server.requests.sorted(by: {
        ($0.key.path, $0.key.statusClass) < ($1.key.path, $1.key.statusClass)
      }) {
        $0.sample(["path": request.path, "status": "\(request.statusClass)xx"], count)
      }
    }
    family("fluoro_daemon_connections_total", .counter, "TCP connections accepted.") {
      $0.sample(server.connectionsAccepted)
    }
    family("fluoro_daemon_connections_open", .gauge, "TCP connections at the moment.") {
      $0.sample(server.connectionsOpen)
    }
    family("fluoro_daemon_refusals_total", .counter, "Requests and connections refused, by reason.") {
      for (reason, count) in server.refusals.sorted(by: { $0.key < $1.key }) { $0.sample(["reason": reason], count) }
    }
    family("fluoro_daemon_tcp_documents_total", .counter, "Documents that came over TCP, by what became of them.") {
      $0.sample(["outcome": "accepted"], server.documentsAccepted)
      $0.sample(["outcome": "rejected"], server.documentsRejected)
      $0.sample(["outcome": "dropped"], server.documentsDropped)
      $0.sample(["outcome": "returned"], server.documentsReturned)
    }
  }
}

extension MetricsText.Family {
  fileprivate mutating func add(_ hop: LedgerHop, _ destination: String) {
    func labels(_ outcome: String, _ reason: String) -> KeyValuePairs<String, String> {
      ["hop": hop.name, "destination": destination, "outcome": outcome, "reason": reason]
    }
    sample(labels("received", ""), hop.received)
    sample(labels("passed_on", ""), hop.passedOn)
    for (outcome, counts) in [("rejected", hop.rejected), ("dropped", hop.dropped)] {
      for (reason, count) in counts.sorted(by: { $0.key < $1.key }) { sample(labels(outcome, reason), count) }
    }
  }
}

extension SinkFailures {
  fileprivate var byReason: [(String, Int)] {
    [
      ("timeout", timeout), ("connection refused", connectionRefused), ("4xx", status4XX), ("5xx", status5XX),
      ("unknown host", unknownHost), ("other", other),
    ]
  }
}
