extension ServerCounts {
  /// The counts in Prometheus' text format, to be put among the daemon's other metrics.
  public var prometheusText: String {
    var text = ""
    func family(_ name: String, type: String = "counter", _ samples: [(labels: String, value: Int)]) {
      text += "# TYPE \(name) \(type)\n"
      for sample in samples { text += "\(name)\(sample.labels) \(sample.value)\n" }
    }
    // Labels are the server's own words, free of what would have to be escaped.
    family(
      "xray_daemon_http_requests_total",
      requests.map { ("{path=\"\($0.key.path)\",status=\"\($0.key.statusClass)xx\"}", $0.value) }
        .sorted { $0.0 < $1.0 })
    family(
      "xray_daemon_tcp_refusals_total",
      refusals.map { ("{reason=\"\($0.key)\"}", $0.value) }.sorted { $0.0 < $1.0 })
    family("xray_daemon_tcp_connections_total", [("", connectionsAccepted)])
    family("xray_daemon_tcp_connections_open", type: "gauge", [("", connectionsOpen)])
    family(
      "xray_daemon_tcp_documents_total",
      [
        ("{outcome=\"accepted\"}", documentsAccepted), ("{outcome=\"rejected\"}", documentsRejected),
        ("{outcome=\"dropped\"}", documentsDropped), ("{outcome=\"returned\"}", documentsReturned),
      ])
    family("xray_daemon_tcp_waits_for_room_total", [("", waitsForRoom)])
    return text
  }
}
