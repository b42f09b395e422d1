import Logging

/// Everything that settings come from: command line, files, environment and the machine.
///
/// A flag counts before the file, the file before the default. Variables that tell about the machine, such as
/// `AWS_REGION`, count where neither says anything, and are looked at by those who need them: `AWSAccess` for region,
/// identity and credentials, `SecureHTTP` for the proxy. Resolving again with the same sources is what a reload is.
public struct OptionSources: Sendable {
  /// Without the program's name.
  public var arguments: [String]
  public var environment: [String: String]
  /// Bytes of the machine, of which 1 % is the default for documents.
  public var hostMemory: Int
  /// The program's name, for the usage.
  public var program: String
  public var version: String
  /// Reads a file: `nil` if there is none. Errors say why it cannot be read.
  public var readFile: @Sendable (_ path: String) throws(FileError) -> [UInt8]?

  public init(
    arguments: [String], environment: [String: String], hostMemory: Int, program: String, version: String,
    readFile: @escaping @Sendable (_ path: String) throws(FileError) -> [UInt8]? = ConfigurationPath.readFile
  ) {
    self.arguments = arguments
    self.environment = environment
    self.hostMemory = hostMemory
    self.program = program
    self.version = version
    self.readFile = readFile
  }

  /// The settings, or why there are none: what was asked for instead (`--help`, `--version`), or what is wrong.
  public func resolve() throws(EarlyExit) -> DaemonOptions {
    let parsed = try parseArguments()
    if parsed.asksForVersion { throw EarlyExit(.answer, "AWS X-Ray daemon version: \(version)\n\(program) \(version)") }
    let failure = EarlyExit.Kind.failure(logPath: parsed.settings.logPath?.nonEmpty)
    do throws(Refusal) {
      var options = DaemonOptions()
      var file = Settings()
      if let (path, read) = try readConfiguration(parsed.configPath) {
        options.configPath = path
        options.warnings = read.warnings
        file = read.settings
      }
      if let first = parsed.rest.first { options.warnings.append("Arguments are ignored from \"\(first)\" on") }
      try apply(parsed.settings, over: file, to: &options)
      applyEnvironment(to: &options)
      return options
    } catch {
      throw EarlyExit(failure, error.message)
    }
  }

  /// A setting that cannot be.
  private struct Refusal: Error {
    var message: String
  }

  private func parseArguments() throws(EarlyExit) -> ParsedArguments {
    do throws(ParsedArguments.Failure) {
      return try ParsedArguments(arguments)
    } catch {
      let usage = Flag.usage(program: program)
      switch error {
      case .help: throw EarlyExit(.answer, usage)
      case .malformed(let problem): throw EarlyExit(.usage, "\(problem)\n\(usage)")
      }
    }
  }

  /// The file named by flag, or the first that is there.
  private func readConfiguration(_ named: String) throws(Refusal) -> (path: String, file: ConfigurationFile)? {
    for path in named.isEmpty ? ConfigurationPath.standard : [named] {
      let bytes: [UInt8]?
      do throws(FileError) { bytes = try readFile(path) } catch {
        throw misused("cannot read \(path): \(error.reason)")
      }
      guard let bytes else { continue }
      do throws(ConfigurationFile.Failure) {
        return (path, try ConfigurationFile(bytes, path: path, isStrict: !named.isEmpty))
      } catch {
        throw Refusal(message: error.message)
      }
    }
    if !named.isEmpty { throw misused("cannot read \(named): no such file") }
    return nil
  }

  private func misused(_ problem: String) -> Refusal {
    Refusal(message: "Error occur when using config flag: \(problem)")
  }

  private func apply(_ flags: Settings, over file: Settings, to options: inout DaemonOptions) throws(Refusal) {
    options.udpAddress = try address(flags.udpAddress ?? file.udpAddress, else: options.udpAddress)
    options.tcpAddress = try address(flags.tcpAddress ?? file.tcpAddress, else: options.tcpAddress)
    options.bufferMemoryMB = try bufferMemory(flags.bufferMemoryMB ?? file.bufferMemoryMB ?? 0)
    options.concurrency = try within(
      1...1000, flags.concurrency ?? file.concurrency ?? options.concurrency, "The concurrency")
    options.endpoints = try endpoints(flags.endpoints ?? file.endpoints ?? [])
    options.region = (flags.region ?? file.region)?.nonEmpty
    options.isLocal = flags.localMode ?? file.localMode ?? false
    options.roleARN = (flags.roleARN ?? file.roleARN)?.nonEmpty
    options.resourceARN = (flags.resourceARN ?? file.resourceARN)?.nonEmpty
    options.proxyAddress = (flags.proxyAddress ?? file.proxyAddress)?.nonEmpty
    options.verifiesCertificates = !(file.noVerifySSL ?? false)
    options.logLevel = level(flag: flags.logLevel, file: file.logLevel, warnings: &options.warnings)
    options.logPath = (flags.logPath ?? file.logPath)?.nonEmpty
    options.rotatesLog = file.logRotation ?? true
    options.spoolDirectory = (flags.spoolDirectory ?? file.spoolDirectory)?.nonEmpty
    options.spoolSizeMB = try within(
      1...Self.maximumMB, flags.spoolSizeMB ?? file.spoolSizeMB ?? options.spoolSizeMB, "The spool's size in MB")
    if let seconds = flags.drainDeadlineSeconds ?? file.drainDeadlineSeconds {
      options.drainDeadline = .seconds(try within(0...3600, seconds, "The drain deadline in seconds"))
    }
    options.allowedHosts = (flags.allowedHosts ?? file.allowedHosts ?? []).filter { !$0.isEmpty }.map {
      $0.lowercased()
    }
  }

  /// 2^20 MB is a terabyte; its bytes fit an `Int` by far.
  private static let maximumMB = 1 << 20

  private func bufferMemory(_ megabytes: Int) throws(Refusal) -> Int {
    if megabytes == 0 { return min(max(3, (hostMemory / 100) >> 20), Self.maximumMB) }
    guard megabytes >= 3 else {
      throw Refusal(message: "Not enough Buffers Memory Allocated: \(megabytes) MB, the minimum is 3 MB")
    }
    return try within(3...Self.maximumMB, megabytes, "The buffer memory in MB")
  }

  private func within<Value: Comparable>(
    _ range: ClosedRange<Value>, _ value: Value, _ what: String
  ) throws(Refusal) -> Value {
    guard range.contains(value) else {
      throw Refusal(message: "\(what) must be \(range.lowerBound) to \(range.upperBound), not \(value)")
    }
    return value
  }

  private func address(_ text: String?, else standard: ListenAddress) throws(Refusal) -> ListenAddress {
    guard let text else { return standard }
    guard let address = ListenAddress(text) else { throw Refusal(message: "address \(text): must be host:port") }
    return address
  }

  private func endpoints(_ urls: [String]) throws(Refusal) -> [String] {
    let urls = urls.filter { !$0.isEmpty }
    for url in urls {
      let rest = ["https://", "http://"].first(where: url.hasPrefix).map { url.dropFirst($0.count) }
      guard let rest, let first = rest.first, first != "/" else {
        throw Refusal(message: "endpoint \(url): must begin with http:// or https:// and a host")
      }
    }
    return urls
  }

  private func level(flag: String?, file: String?, warnings: inout [String]) -> Logger.Level {
    for word in [flag, file].compactMap(\.self) {
      if let level = Logger.Level(word: word) { return level }
      if !word.isEmpty { warnings.append("There is no log level \"\(word)\"; it is ignored") }
    }
    return .info
  }

  private func applyEnvironment(to options: inout DaemonOptions) {
    if let name = environment["AWS_EXECUTION_ENV"]?.nonEmpty { options.executionEnvironment = name }
    for name in ["XRAY_DAEMON_CPU_PROFILE", "XRAY_DAEMON_MEMORY_PROFILE"] where environment[name]?.nonEmpty != nil {
      options.warnings.append("\(name) has no effect here; use perf or heaptrack")
    }
  }
}

extension String {
  fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}

extension Logger.Level {
  /// The words of `--log-level`.
  init?(word: String) {
    switch word {
    case "dev": self = .trace
    case "debug": self = .debug
    case "info", "prod": self = .info
    case "warn": self = .warning
    case "error": self = .error
    default: return nil
    }
  }
}
