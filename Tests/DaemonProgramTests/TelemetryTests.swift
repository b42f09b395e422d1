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
}
