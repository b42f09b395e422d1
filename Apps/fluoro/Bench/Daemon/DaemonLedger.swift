/// What became of the documents that did not arrive, as far as somebody counted them.
struct DaemonLedger {
  /// By whom and why; those of the kernel under `kernel`.
  private(set) var dropped: [String: Int] = [:]
  private(set) var rejected = 0
  /// Still in the daemon.
  private(set) var held = 0

  var droppedTotal: Int { dropped.values.reduce(0, +) }
  var kernel: Int { dropped.filter { $0.key.hasPrefix("kernel") }.values.reduce(0, +) }
  var accounted: Int { droppedTotal + rejected + held }

  /// Reads `fluoro_daemon_documents_total` and `fluoro_daemon_documents_held` of the Prometheus text format;
  /// `nil` when neither is in it.
  init?(metrics: String) {
    var isFound = false
    for line in metrics.split(separator: "\n") where line.hasPrefix("fluoro_daemon_documents_") {
      guard let labelsEnd = line.lastIndex(of: "}"), let labelsStart = line.firstIndex(of: "{"),
        let number = line[labelsEnd...].dropFirst().split(separator: " ").first.flatMap({ Double($0) })
      else { continue }
      isFound = true
      let labels = Self.labels(line[labelsStart..<labelsEnd].dropFirst())
      let count = Int(number)
      if line.hasPrefix("fluoro_daemon_documents_held") {
        held += count
        continue
      }
      guard count > 0, line.hasPrefix("fluoro_daemon_documents_total") else { continue }
      switch labels["outcome"] {
      case "dropped":
        let reason = labels["reason"].map { $0.isEmpty ? "" : ", \($0)" } ?? ""
        dropped["\(labels["hop"] ?? "")\(reason)", default: 0] += count
      case "rejected": rejected += count
      default: break
      }
    }
    if !isFound { return nil }
  }

  /// For a daemon that tells in its log alone, and tells nothing about the kernel.
  init(log: String, droppedDatagrams: Int) {
    if droppedDatagrams > 0 { dropped["kernel"] = droppedDatagrams }
    for line in log.split(separator: "\n") {
      if line.contains("Segment dropped") {
        dropped["no buffer", default: 0] += 1
      } else if let words = line.firstRange(of: "Spilling over ") {
        dropped["spilled", default: 0] += Int(line[words.upperBound...].prefix { $0.isNumber }) ?? 0
      } else if let words = line.firstRange(of: " but had ") {
        rejected += Int(line[words.upperBound...].prefix { $0.isNumber }) ?? 0
      }
    }
  }

  mutating func add(_ other: DaemonLedger) {
    dropped.merge(other.dropped) { $0 + $1 }
    rejected += other.rejected
    held += other.held
  }

  /// `kernel 12, spilled 50`
  var reasons: String {
    dropped.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "; ")
  }

  private static func labels(_ text: Substring) -> [Substring: Substring] {
    var labels: [Substring: Substring] = [:]
    // No value of these labels holds a quote or a comma.
    for pair in text.split(separator: ",") {
      let parts = pair.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { labels[parts[0]] = parts[1].dropFirst().dropLast() }
    }
    return labels
  }
}
