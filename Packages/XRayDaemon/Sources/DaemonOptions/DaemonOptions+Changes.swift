extension DaemonOptions {
  /// A setting that differs after a reload.
  public struct Change: Hashable, Sendable, CustomStringConvertible {
    /// As it is called on the command line, without dashes.
    public var setting: String
    public var old: String
    public var new: String
    /// Whether the old value stays in effect until the next start.
    public var needsRestart: Bool

    public var description: String {
      "\(setting): \(old) -> \(new)" + (needsRestart ? " (after a restart)" : "")
    }
  }

  /// What `new` sets differently. Where to listen, how much memory to use and how many endpoints to serve is decided
  /// once, at the start; what calls are made with, and the log, is not.
  public func changes(to new: DaemonOptions) -> [Change] {
    // An empty list stands for one, that of the region.
    let isOtherCount = max(1, endpoints.count) != max(1, new.endpoints.count)
    let settings: [(name: String, needsRestart: Bool, value: (DaemonOptions) -> String)] = [
      ("bind", true, { "\($0.udpAddress)" }),
      ("bind-tcp", true, { "\($0.tcpAddress)" }),
      ("buffer-memory", true, { "\($0.bufferMemoryMB)" }),
      ("concurrency", true, { "\($0.concurrency)" }),
      ("endpoint", isOtherCount, { $0.endpoints.joined(separator: " ") }),
      ("region", false, { $0.region ?? "" }),
      ("local-mode", false, { "\($0.isLocal)" }),
      ("role-arn", false, { $0.roleARN ?? "" }),
      ("resource-arn", true, { $0.resourceARN ?? "" }),
      ("proxy-address", false, { $0.proxyAddress ?? "" }),
      ("NoVerifySSL", false, { "\(!$0.verifiesCertificates)" }),
      ("log-level", false, { "\($0.logLevel)" }),
      ("log-file", false, { $0.logPath ?? "" }),
      ("LogRotation", false, { "\($0.rotatesLog)" }),
      ("spool", true, { $0.spoolDirectory ?? "" }),
      ("spool-size", true, { "\($0.spoolSizeMB)" }),
      ("drain-deadline", true, { "\($0.drainDeadline)" }),
      ("allowed-host", true, { $0.allowedHosts.joined(separator: " ") }),
    ]
    return settings.compactMap { name, needsRestart, value in
      let (before, after) = (value(self), value(new))
      return before == after ? nil : Change(setting: name, old: before, new: after, needsRestart: needsRestart)
    }
  }
}
