import DaemonServer
import Testing
import XRayDaemon
import XRayModel

@testable import DaemonProgram

@Suite struct `The metrics` {
  @Test func `are Prometheus' text format, whatever the names`() throws {
    var free = Daemon.Configuration()
    free.address.port = 0
    let daemon = try Daemon(
      configuration: free, destinations: [.init(name: "a \"quoted\"\n\\name", sink: CollectingSink())])
    let text = Metrics(daemon.status, server: nil, receiveBuffer: 1, uptime: .seconds(90)).text
    #expect(text.contains("fluoro_daemon_uptime_seconds 90\n"))
    #expect(text.contains("destination=\"a \\\"quoted\\\"\\n\\\\name\""))
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      #expect(try /[a-z_]+(\{([a-z_]+="([^"\\\n]|\\.)*",?)*\})? [0-9]+/.wholeMatch(in: line) != nil, "\(line)")
    }
  }

  @Test func `tell what the TCP port did`() {
    var counts = ServerCounts()
    counts.requests = [.init(path: "/healthz", statusClass: 2): 3, .init(path: "other", statusClass: 4): 1]
    counts.refusals = ["unknown path": 1]
    counts.documentsAccepted = 7
    let lines = Metrics([], server: counts, receiveBuffer: 1, uptime: .zero).text.split(separator: "\n")
    #expect(lines.contains(#"fluoro_daemon_requests_total{path="/healthz",status="2xx"} 3"#))
    #expect(lines.contains(#"fluoro_daemon_refusals_total{reason="unknown path"} 1"#))
    #expect(lines.contains(#"fluoro_daemon_tcp_documents_total{outcome="accepted"} 7"#))
    #expect(lines.contains("# TYPE fluoro_daemon_connections_open gauge"))
  }
}
