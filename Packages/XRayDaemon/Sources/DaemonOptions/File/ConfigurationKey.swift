/// What can stand in the configuration file.
enum ConfigurationKey {
  /// The official daemon's keys, and ours in a map of their own, which it would call invalid.
  static let settings: [String: Setting] = [
    "TotalBufferSizeMB": .number(\.bufferMemoryMB),
    "Concurrency": .number(\.concurrency),
    "Endpoint": .list(\.endpoints),
    "Region": .text(\.region),
    "Socket.UDPAddress": .text(\.udpAddress),
    "Socket.TCPAddress": .text(\.tcpAddress),
    "Logging.LogRotation": .truth(\.logRotation),
    "Logging.LogLevel": .text(\.logLevel),
    "Logging.LogPath": .text(\.logPath),
    "LocalMode": .truth(\.localMode),
    "ResourceARN": .text(\.resourceARN),
    "RoleARN": .text(\.roleARN),
    "NoVerifySSL": .truth(\.noVerifySSL),
    "ProxyAddress": .text(\.proxyAddress),
    "Fluoro.Endpoints": .list(\.endpoints),
    "Fluoro.SpoolDirectory": .text(\.spoolDirectory),
    "Fluoro.SpoolSizeMB": .number(\.spoolSizeMB),
    "Fluoro.DrainDeadlineSeconds": .decimal(\.drainDeadlineSeconds),
    "Fluoro.AllowedHosts": .list(\.allowedHosts),
  ]

  /// Keys whose values are maps of settings.
  static let groups: Set<String> = ["Socket", "Logging", "Fluoro"]

  /// Accepted without effect, as by the official daemon.
  static let ignored: Set<String> = [
    "proxyserver.idleconntimeout", "proxyserver.maxidleconnsperhost", "proxyserver.maxidleconns",
  ]

  /// Keys of the format before version 1 and what they are called now.
  static let renamed = [
    "LogRotation": "Logging.LogRotation", "Processor.Region": "Region", "Processor.Endpoint": "Endpoint",
    "Processor.Routine": "Concurrency", "MemoryLimit": "TotalBufferSizeMB",
  ]

  /// Keys of the format before version 1 that nothing replaced.
  static let removed: Set<String> = [
    "Profile.CPU", "Profile.Memory", "Socket.BufferSizeKB", "Logging.LogFormat", "Processor.BatchProcessorQueueSize",
  ]
}
