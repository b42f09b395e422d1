import DaemonServer
import XRayDaemon

/// What `/metrics` answers, in Prometheus' text format.
struct Metrics {
  let text: String

  init(_ status: [Daemon.DeliveryStatus], server: ServerCounts?, receiveBuffer: Int, uptime: Duration) {
    var metrics = MetricsText()
    metrics.add(status)
    metrics.family("fluoro_daemon_receive_buffer_bytes", .gauge, "Receive buffer that the kernel granted.") {
      $0.sample(receiveBuffer)
    }
    metrics.family("fluoro_daemon_uptime_seconds", .gauge, "Seconds since the start.") {
      $0.sample(Int(uptime / .seconds(1)))
    }
    if let server { metrics.add(server) }
    text = metrics.text
  }
}
