import Glibc

/// A daemon at work, and what the kernel tells about it.
struct DaemonProcess {
  private let process: MeasuredProcess
  private let port: UInt16

  /// - Parameters:
  ///   - port: Where it takes datagrams.
  ///   - log: Takes what it says.
  init(_ command: [String], port: UInt16, log: String) throws(Failure) {
    self.port = port
    process = try MeasuredProcess(command, environment: Self.environment, log: log)
  }

  /// Whatever signs a request has to have something to sign with.
  private static let environment = [
    "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=made-up", "AWS_REGION=us-east-1",
    "AWS_EC2_METADATA_DISABLED=true",
  ]

  // MARK: What the kernel tells

  var processorSeconds: Double { process.processorSeconds }
  var residentMebibytes: Double { process.memory.residentBytes / 0x1p20 }
  var peakMebibytes: Double { process.memory.peakBytes / 0x1p20 }

  /// Datagrams that its socket had no room for; `nil` when it does not listen.
  var droppedDatagrams: Int? {
    let wanted = ":" + String(UInt32(0x1_0000) + UInt32(port), radix: 16, uppercase: true).dropFirst()
    for file in ["/proc/net/udp", "/proc/net/udp6"] {
      for line in systemText(file).split(separator: "\n").dropFirst() {
        let fields = line.split(separator: " ")
        if fields.count > 2, fields[1].hasSuffix(wanted) { return fields.last.flatMap { Int($0) } }
      }
    }
    return nil
  }

  /// Waits until it listens, for ten seconds at most. False when it does not, or ended.
  func listens() -> Bool {
    for _ in 0..<5000 {
      if droppedDatagrams != nil { return true }
      if process.hasEnded { return false }
      usleep(2000)
    }
    return false
  }

  /// Asks it to end, and kills it when it has not after `limit` seconds.
  func stop(within limit: Double) -> MeasuredProcess.Ending { process.stop(within: limit) }
}
