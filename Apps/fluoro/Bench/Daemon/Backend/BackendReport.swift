import Glibc
import XRayModel

/// What the backend tells about itself.
struct BackendReport {
  var requests = 0
  var documents = 0
  var unique = 0
  var unmarked = 0
  var largestBatch = 0
  var refused = 0
  var telemetry = 0
  var unknown = 0
  /// From sending to arrival.
  var milliseconds = (p50: Double.nan, p90: Double.nan, p99: Double.nan, largest: Double.nan)
  /// When the earliest document that arrived was sent, by the clock that begins with the machine.
  var earliestSent: UInt64?
  var processorSeconds = 0.0

  var duplicates: Int { documents - unmarked - unique }

  init(_ arrivals: Arrivals, processorSeconds: Double) {
    requests = arrivals.requests
    documents = arrivals.documents
    unique = arrivals.unique
    unmarked = arrivals.unmarked
    largestBatch = arrivals.largestBatch
    refused = arrivals.refused
    telemetry = arrivals.telemetry
    unknown = arrivals.unknown
    if unique > 0 {
      let latency = arrivals.latency
      milliseconds = (
        latency.percentile(0.5), latency.percentile(0.9), latency.percentile(0.99), Double(latency.largest) / 1e6
      )
      earliestSent = arrivals.earliestSent
    }
    self.processorSeconds = processorSeconds
  }

  /// `nil` unless it is what ``json`` wrote.
  init?(_ text: String) {
    guard let json = try? JSONValue(parsing: text) else { return nil }
    func number(_ key: String) -> Double? { json[key]?.number?.double }
    guard let requests = number("requests"), let documents = number("documents"), let unique = number("unique"),
      let unmarked = number("unmarked"), let largest = number("largest_batch"), let refused = number("refused"),
      let telemetry = number("telemetry"), let unknown = number("unknown"), let processor = number("cpu_seconds")
    else { return nil }
    self.requests = Int(requests)
    self.documents = Int(documents)
    self.unique = Int(unique)
    self.unmarked = Int(unmarked)
    largestBatch = Int(largest)
    self.refused = Int(refused)
    self.telemetry = Int(telemetry)
    self.unknown = Int(unknown)
    processorSeconds = processor
    if let p50 = number("p50_ms"), let p90 = number("p90_ms"), let p99 = number("p99_ms"),
      let largest = number("max_ms")
    {
      milliseconds = (p50, p90, p99, largest)
    }
    earliestSent = (json["earliest_sent"]?.number?.integer).map { UInt64($0) }
  }

  var json: String {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("requests", requests)
      writer.member("documents", documents)
      writer.member("unique", unique)
      writer.member("unmarked", unmarked)
      writer.member("largest_batch", largestBatch)
      writer.member("refused", refused)
      writer.member("telemetry", telemetry)
      writer.member("unknown", unknown)
      writer.member("cpu_seconds", processorSeconds)
      if let earliestSent {
        writer.member("p50_ms", milliseconds.p50)
        writer.member("p90_ms", milliseconds.p90)
        writer.member("p99_ms", milliseconds.p99)
        writer.member("max_ms", milliseconds.largest)
        writer.member("earliest_sent", earliestSent)
      }
    }
    return writer.text
  }
}
