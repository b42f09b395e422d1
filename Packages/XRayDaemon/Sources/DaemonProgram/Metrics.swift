import DaemonServer
import XRayDaemon
import XRayModel

/// What `/metrics` answers, in Prometheus' text format.
struct Metrics {
  private(set) var text = ""

  init(_ status: [Daemon.DeliveryStatus], server: ServerCounts?, receiveBuffer: Int, uptime: Duration) {
    family("fluoro_daemon_documents_total", "counter", "Documents by what became of them at each hop.") {
      for destination in status { for hop in destination.ledger.hops { $0.add(hop, destination.name) } }
    }
    family("fluoro_daemon_documents_held", "gauge", "Documents queued, in flight or spooled.") {
      for destination in status {
        for hop in destination.ledger.hops {
          $0.sample(["hop": hop.name, "destination": destination.name], hop.held)
        }
      }
    }
    family("fluoro_daemon_spooled_documents", "gauge", "Those of them that lie in the spool.") {
      for destination in status { $0.sample(["destination": destination.name], destination.spooledDocuments) }
    }
    family("fluoro_daemon_spool_bytes", "gauge", "Bytes of the spool's files.") {
      for destination in status { $0.sample(["destination": destination.name], destination.spooledBytes) }
    }
    family("fluoro_daemon_buffered_bytes", "gauge", "Bytes of the memory budget in use.") {
      for destination in status { $0.sample(["destination": destination.name], destination.bufferedBytes) }
    }
    family("fluoro_daemon_call_failures_total", "counter", "Calls to X-Ray that failed, by how.") {
      for destination in status {
        for (reason, count) in destination.failures.byReason {
          $0.sample(["destination": destination.name, "reason": reason], count)
        }
      }
    }
    family("fluoro_daemon_receive_buffer_bytes", "gauge", "Receive buffer that the kernel granted.") {
      $0.sample([:], receiveBuffer)
    }
    family("fluoro_daemon_uptime_seconds", "gauge", "Seconds since the start.") {
      $0.sample([:], Int(uptime / .seconds(1)))
    }
    if let server { add(server) }
  }

  private mutating func add(_ server: ServerCounts) {
    family("fluoro_daemon_requests_total", "counter", "HTTP requests by path and class of the answer's status.") {
      for (request, count) in server.requests.sorted(by: {
        ($0.key.path, $0.key.statusClass) < ($1.key.path, $1.key.statusClass)
      }) {
        $0.sample(["path": request.path, "status": "\(request.statusClass)xx"], count)
      }
    }
    family("fluoro_daemon_connections_total", "counter", "TCP connections accepted.") {
      $0.sample([:], server.connectionsAccepted)
    }
    family("fluoro_daemon_connections_open", "gauge", "TCP connections at the moment.") {
      $0.sample([:], server.connectionsOpen)
    }
    family("fluoro_daemon_refusals_total", "counter", "Requests and connections refused, by reason.") {
      for (reason, count) in server.refusals.sorted(by: { $0.key < $1.key }) { $0.sample(["reason": reason], count) }
    }
    family("fluoro_daemon_tcp_documents_total", "counter", "Documents that came over TCP, by what became of them.") {
      $0.sample(["outcome": "accepted"], server.documentsAccepted)
      $0.sample(["outcome": "rejected"], server.documentsRejected)
      $0.sample(["outcome": "dropped"], server.documentsDropped)
      $0.sample(["outcome": "returned"], server.documentsReturned)
    }
  }

  private mutating func family(_ name: String, _ kind: String, _ help: String, _ body: (inout Family) -> Void) {
    var family = Family(name: name)
    body(&family)
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n\(family.samples)"
  }

  struct Family {
    let name: String
    var samples = ""

    mutating func sample(_ labels: KeyValuePairs<String, String>, _ value: Int) {
      let labels = labels.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
      samples += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }

    private static func escaped(_ text: String) -> String {
      text.reduce(into: "") { text, character in
        switch character {
        case "\\": text += "\\\\"
        case "\"": text += "\\\""
        case "\n": text += "\\n"
        default: text.append(character)
        }
      }
    }

    mutating func add(_ hop: LedgerHop, _ destination: String) {
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
}

extension SinkFailures {
  fileprivate var byReason: [(String, Int)] {
    [
      ("timeout", timeout), ("connection refused", connectionRefused), ("4xx", status4XX), ("5xx", status5XX),
      ("unknown host", unknownHost), ("other", other),
    ]
  }
}
