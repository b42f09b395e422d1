public import Logging

/// The daemon's settings after flags, configuration file and defaults were put together.
///
/// Made by ``OptionSources/resolve()``; the defaults here are those of an empty command line.
public struct DaemonOptions: Equatable, Sendable {
  /// Where datagrams are received.
  public var udpAddress = ListenAddress()
  /// Where the proxy, health, metrics and documents over TCP are served.
  public var tcpAddress = ListenAddress()
  /// What documents may take, queued and in flight together, in MB of 2^20 bytes; at least 3.
  public var bufferMemoryMB = 3
  /// Calls that upload at the same time, for each endpoint; 1 to 1,000.
  public var concurrency = 8

  /// URLs of the X-Ray APIs that each get everything. Empty: the regular one of the region.
  public var endpoints: [String] = []
  /// By flag or file; `nil` leaves it to `AWS_REGION`, the machine's metadata or, in local mode, the shared files.
  public var region: String?
  /// Neither ECS nor EC2 metadata may be asked for.
  public var isLocal = false
  /// The role to assume for all calls.
  public var roleARN: String?
  /// Goes into telemetry.
  public var resourceARN: String?
  /// URL of the HTTP proxy for outgoing calls, by flag or file; `nil` leaves it to `HTTPS_PROXY`.
  public var proxyAddress: String?
  public var verifiesCertificates = true

  public var logLevel = Logger.Level.info
  /// `nil` is the standard output.
  public var logPath: String?
  /// Whether a log file of 50 MB is moved aside.
  public var rotatesLog = true

  /// Where documents wait that could not be uploaded; `nil` keeps them in memory only.
  public var spoolDirectory: String?
  /// What the spool may take, in MB of 2^20 bytes.
  public var spoolSizeMB = 256
  /// How long delivery may go on after the signal to end.
  public var drainDeadline = Duration.seconds(2)
  /// Further names, in lower case, by which clients may call the TCP address, in the `Host` header.
  public var allowedHosts: [String] = []

  /// `AWS_EXECUTION_ENV`, for the user agent.
  public var executionEnvironment = "UNKNOWN"

  /// The configuration file that was read.
  public var configPath: String?
  /// What was ignored, as sentences for the log.
  public var warnings: [String] = []

  public init() {}
}
