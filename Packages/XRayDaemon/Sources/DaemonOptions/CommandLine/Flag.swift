/// One flag of the command line.
struct Flag {
  enum Effect {
    case set(Setting)
    case config, version
  }

  var short: Character?
  var long: String
  /// What stands for the value in the usage; `nil` for switches, which need none.
  var value: String?
  var effect: Effect
  var help: String

  /// In the order of the usage.
  static let all: [Flag] = [
    Flag(
      "a", "resource-arn", "ARN", .set(.text(\.resourceARN)), "the AWS resource that runs the daemon, for telemetry"),
    Flag("o", "local-mode", nil, .set(.truth(\.localMode)), "ask neither ECS nor EC2 for metadata"),
    Flag(
      "m", "buffer-memory", "MB", .set(.number(\.bufferMemoryMB)),
      "memory for documents, at least 3 (default: 1 % of the host's)"),
    Flag("n", "region", "REGION", .set(.text(\.region)), "region of the X-Ray API"),
    Flag("b", "bind", "HOST:PORT", .set(.text(\.udpAddress)), "receive datagrams here (default 127.0.0.1:2000)"),
    Flag(
      "t", "bind-tcp", "HOST:PORT", .set(.text(\.tcpAddress)),
      "serve proxy, health and metrics here (default 127.0.0.1:2000)"),
    Flag("r", "role-arn", "ARN", .set(.text(\.roleARN)), "assume this role for all calls"),
    Flag("c", "config", "FILE", .config, "read this configuration file; flags override it"),
    Flag("f", "log-file", "FILE", .set(.text(\.logPath)), "write the log here instead of the standard output"),
    Flag(
      "l", "log-level", "LEVEL", .set(.text(\.logLevel)),
      "dev, debug, info, warn, error or prod, which is info (default)"),
    Flag(
      "p", "proxy-address", "URL", .set(.text(\.proxyAddress)), "HTTP proxy for outgoing calls (default: HTTPS_PROXY)"),
    Flag("v", "version", nil, .version, "show the version"),
    Flag(
      nil, "endpoint", "URL", .set(.list(\.endpoints)),
      "send to this X-Ray API; may be repeated, each gets everything"),
    Flag(nil, "concurrency", "N", .set(.number(\.concurrency)), "parallel uploads to each endpoint (default 8)"),
    Flag(nil, "spool", "DIR", .set(.text(\.spoolDirectory)), "keep here what cannot be uploaded now"),
    Flag(nil, "spool-size", "MB", .set(.number(\.spoolSizeMB)), "bound of the spool (default 256)"),
    Flag(
      nil, "drain-deadline", "SECONDS", .set(.decimal(\.drainDeadlineSeconds)),
      "how long to go on delivering after SIGTERM (default 2)"),
    Flag(
      nil, "allowed-host", "NAME", .set(.list(\.allowedHosts)),
      "let clients call the TCP address by this name; may be repeated"),
  ]

  private init(_ short: Character?, _ long: String, _ value: String?, _ effect: Effect, _ help: String) {
    self.short = short
    self.long = long
    self.value = value
    self.effect = effect
    self.help = help
  }

  /// The flag of that name, short or long, without its dashes.
  static func named(_ name: Substring) -> Flag? {
    all.first { $0.long == name || $0.short.map { name == String($0) } ?? false }
  }

  /// What `--help` shows.
  static func usage(program: String) -> String {
    let names = all.map { flag in
      (flag.short.map { "-\($0), " } ?? "    ") + "--\(flag.long)" + (flag.value.map { " \($0)" } ?? "")
    }
    let width = (names + ["-h, --help"]).map(\.count).max() ?? 0
    let lines = zip(names + ["-h, --help"], all.map(\.help) + ["show this"]).map { name, help in
      "  \(name)\(String(repeating: " ", count: width - name.count))  \(help)"
    }
    return """
      Usage: \(program) [options]

      \(lines.joined(separator: "\n"))

      A value may follow "=" or a space, and one dash does for two: --region=X, -region X, -n X.

      Examples:
        \(program) -o -n eu-west-1                        on a laptop, with the credentials of the environment
        \(program) -b 0.0.0.0:2000 -t 0.0.0.0:2000        in a container
        \(program) --spool /var/spool/xray                keep segments while the API cannot be reached
        \(program) --endpoint http://127.0.0.1:3000       send to another X-Ray API
      """
  }
}
