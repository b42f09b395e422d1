/// What one source says, flags or file; `nil` where it says nothing.
struct Settings: Equatable {
  var udpAddress: String?
  var tcpAddress: String?
  var bufferMemoryMB: Int?
  var concurrency: Int?
  var endpoints: [String]?
  var region: String?
  var localMode: Bool?
  var roleARN: String?
  var resourceARN: String?
  var proxyAddress: String?
  var noVerifySSL: Bool?
  var logLevel: String?
  var logPath: String?
  var logRotation: Bool?
  var spoolDirectory: String?
  var spoolSizeMB: Int?
  var drainDeadlineSeconds: Double?
  var allowedHosts: [String]?
}

/// One of the ``Settings`` and how it is written.
enum Setting {
  typealias Field<Value> = any WritableKeyPath<Settings, Value?> & Sendable

  case text(Field<String>)
  case number(Field<Int>)
  case decimal(Field<Double>)
  case truth(Field<Bool>)
  case list(Field<[String]>)
}
