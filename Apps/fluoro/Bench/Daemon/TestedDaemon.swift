import Glibc

/// A program that is measured, and how it is called.
struct TestedDaemon {
  let name: String
  private let words: [String]

  /// What a run decides about it.
  struct Setting {
    var datagramPort: UInt16
    var streamPort: UInt16
    var backendPort: UInt16
    /// For this run alone.
    var folder: String
    /// `nil` leaves it to the daemon.
    var memoryMegabytes: Int?
    var spools: Bool
  }

  private static let ownArguments = "--config {config} --buffer-memory {memory} --spool {spool}"
  private static let peerArguments = "--config {config} --buffer-memory {memory}"

  private init(_ name: String, _ command: String, arguments: String) {
    self.name = name
    let whole = command.contains("{") ? command : "\(command) \(arguments)"
    words = whole.split(separator: " ").map(String.init)
  }

  /// Fluoro's daemon.
  ///
  /// - Parameter command: `nil` looks for `fluoro-daemon` beside this program, and else takes `fluoro daemon`.
  static func own(_ command: String?) -> TestedDaemon {
    TestedDaemon("fluoro", command ?? found, arguments: ownArguments)
  }

  /// Another daemon, written `NAME=COMMAND`; `nil` for anything else.
  static func peer(_ text: String) -> TestedDaemon? {
    let parts = text.split(separator: "=", maxSplits: 1)
    guard parts.count == 2, !parts[1].allSatisfy({ $0 == " " }) else { return nil }
    return TestedDaemon(String(parts[0]), String(parts[1]), arguments: peerArguments)
  }

  /// Whether it can keep documents on the disk.
  var hasSpool: Bool { words.contains { $0.contains("{spool}") } }

  /// The words of its command, with what this run decides put in.
  func command(_ setting: Setting) -> [String] {
    let values = [
      ("{udp}", "127.0.0.1:\(setting.datagramPort)"), ("{tcp}", "127.0.0.1:\(setting.streamPort)"),
      ("{backend}", "http://127.0.0.1:\(setting.backendPort)"), ("{memory}", "\(setting.memoryMegabytes ?? 0)"),
      ("{spool}", "\(setting.folder)/spool"), ("{config}", "\(setting.folder)/cfg.yaml"),
    ]
    var command: [String] = []
    for word in words {
      if word.contains("{spool}"), !setting.spools {
        // Together with the option that it belongs to.
        if word == "{spool}", command.last?.hasPrefix("-") == true { command.removeLast() }
        continue
      }
      command.append(values.reduce(word) { $0.replacing($1.0, with: $1.1) })
    }
    return command
  }

  /// The file of settings that the official daemon reads, too; it has no option for the endpoint.
  static func configuration(_ setting: Setting) -> String {
    """
    Version: 2
    TotalBufferSizeMB: \(setting.memoryMegabytes ?? 0)
    Region: "us-east-1"
    Endpoint: "http://127.0.0.1:\(setting.backendPort)"
    LocalMode: true
    NoVerifySSL: true
    Socket:
      UDPAddress: "127.0.0.1:\(setting.datagramPort)"
      TCPAddress: "127.0.0.1:\(setting.streamPort)"

    """
  }

  private static var found: String {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = max(0, readlink("/proc/self/exe", &path, path.count))
    let program = String(decoding: path.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let own = program.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    return access("\(own)/fluoro-daemon", X_OK) == 0 ? "\(own)/fluoro-daemon" : "\(program) daemon"
  }
}
