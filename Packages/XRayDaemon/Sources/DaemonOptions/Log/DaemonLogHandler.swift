public import Logging

/// Writes to a ``DaemonLog``, at its level until one is set here.
public struct DaemonLogHandler: LogHandler {
  private let log: DaemonLog
  private var ownLevel: Logger.Level?
  public var metadata: Logger.Metadata = [:]
  public var metadataProvider: Logger.MetadataProvider?

  public init(log: DaemonLog) { self.log = log }

  public var logLevel: Logger.Level {
    get { ownLevel ?? log.level }
    set { ownLevel = newValue }
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
    if let own = event.metadata { all.merge(own) { $1 } }
    log.write(event.level, "\(event.message)", metadata: all)
  }
}
