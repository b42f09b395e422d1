import Foundation
import Testing

/// The program `fluoro-daemon`, on free ports.
final class DaemonProcess {
  static let header = "{\"format\":\"json\",\"version\":1}\n"

  let folder: String
  private let process = Process()
  private let datagrams: Int32
  private(set) var tcpPort = 0
  private(set) var udpPort = 0

  /// Starts the daemon and waits until it is ready.
  ///
  /// - Parameter folder: Where its log is, and what a test puts there; a new one if `nil`.
  static func start(
    _ arguments: [String], to backends: XRayBackend..., environment: [String: String] = [:], folder: String? = nil
  ) async throws -> DaemonProcess {
    let endpoints = backends.flatMap { ["--endpoint", $0.endpoint] }
    let addresses = ["-b", "127.0.0.1:0", "-t", "127.0.0.1:0"]
    let daemon = try DaemonProcess(
      addresses + endpoints + arguments, environment: environment, folder: try folder ?? TemporaryFolder.make())
    try await daemon.becomeReady()
    return daemon
  }

  /// Starts the daemon, which may end at once.
  ///
  /// - Parameter output: In place of a file that ``log`` reads.
  init(
    _ arguments: [String], environment: [String: String] = [:], folder: String, output: FileHandle? = nil
  ) throws {
    self.folder = folder
    let path = "\(folder)/log"
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    process.executableURL = Self.program
    process.arguments = arguments
    process.environment =
      [
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "eu-central-1", "HOME": folder, "TZ": "UTC",
      ].merging(environment) { $1 }
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output ?? file
    process.standardError = file
    datagrams = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    try process.run()
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    close(datagrams)
  }

  /// Beside the bundle that runs the tests.
  private static var program: URL {
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("fluoro-daemon")
  }

  private func becomeReady() async throws {
    // With its end: the line may be read while it is being written.
    let line = /Ready tcp=(\d+|-) udp=[^ ]*:(\d+)\n/
    try await eventually("ready") { self.log.contains(line) || !self.isRunning }
    let ready = try #require(try line.firstMatch(in: log), "\(log)")
    tcpPort = Int(ready.1) ?? 0
    udpPort = try #require(Int(ready.2))
    let target = try LoopbackSocket.connected(SOCK_DGRAM, to: udpPort)
    dup2(target, datagrams)
    close(target)
  }

  // MARK: What it says

  var isRunning: Bool { process.isRunning }
  var log: String { (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? "" }
  func lines(containing text: String) -> [Substring] { log.split(separator: "\n").filter { $0.contains(text) } }

  /// One of the numbers of the last line: `hop` is `kernel`, `daemon` or `sink`, `count` is `in`, `on`, `rejected`
  /// or `lost`.
  func atEnd(_ hop: String, _ count: String) throws -> Int {
    let line = try #require(lines(containing: "Stopped ledger=").last, "\(log)")
    let part = try #require(line.firstRange(of: "\(hop): ").map { line[$0.upperBound...].prefix { $0 != ";" } })
    let number = try #require(
      part.split(separator: ",").first { $0.contains(" \(count)") || $0.hasSuffix(" \(count)\"") })
    return try #require(Int(number.filter(\.isNumber)))
  }

  func metrics() throws -> DaemonMetrics {
    DaemonMetrics(try get("/metrics"))
  }

  /// The whole answer, with its status line.
  func get(_ path: String) throws -> String {
    try exchange("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
  }

  func post(_ path: String, _ body: String) throws -> String {
    try exchange(
      "POST \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    )
  }

  private func exchange(_ request: String) throws -> String {
    let connection = try connect()
    defer { close(connection) }
    LoopbackSocket.write(request, to: connection)
    return LoopbackSocket.readAll(from: connection)
  }

  /// To be closed by the caller.
  func connect() throws -> Int32 { try LoopbackSocket.connected(SOCK_STREAM, to: tcpPort) }

  // MARK: What it gets

  /// One datagram, as it is.
  func send(_ datagram: [UInt8]) {
    let sent = Glibc.send(datagrams, datagram, datagram.count, 0)
    #expect(sent == datagram.count, "\(SystemError("send"))")
  }
  func send(_ datagram: String) { send(Array(datagram.utf8)) }

  /// Documents behind the usual header.
  func send(documents: some Sequence<String>) { for document in documents { send(Self.header + document) } }

  func signal(_ number: Int32) { kill(process.processIdentifier, number) }

  /// Sends a signal and returns the exit status.
  func end(_ number: Int32 = SIGTERM, within limit: Duration = .seconds(15)) async throws -> Int32 {
    signal(number)
    return try await ended(within: limit)
  }

  func ended(within limit: Duration = .seconds(15)) async throws -> Int32 {
    try await eventually("end", within: limit) { !self.process.isRunning }
    return process.terminationStatus
  }
}

/// What `/metrics` answered.
struct DaemonMetrics {
  private let samples: [(name: String, labels: String, value: Int)]

  init(_ text: String) {
    samples = text.split(whereSeparator: \.isNewline).compactMap { line in
      guard !line.hasPrefix("#"), let space = line.lastIndex(of: " "),
        let value = Int(line[line.index(after: space)...])
      else { return nil }
      let name = line.prefix { $0 != "{" && $0 != " " }
      return (String(name), String(line[name.endIndex..<space]), value)
    }
  }

  /// The sum of all samples that have these labels.
  func sum(_ name: String, _ labels: KeyValuePairs<String, String> = [:]) -> Int {
    samples.filter { sample in
      sample.name == "fluoro_daemon_\(name)"
        && labels.allSatisfy { sample.labels.contains("\($0.key)=\"\($0.value)\"") }
    }.reduce(0) { $0 + $1.value }
  }

  func rejected(_ reason: String) -> Int {
    sum("documents_total", ["hop": "daemon", "outcome": "rejected", "reason": reason])
  }

  func dropped(_ reason: String) -> Int {
    sum("documents_total", ["hop": "daemon", "outcome": "dropped", "reason": reason])
  }
}

struct TooLate: Error, CustomStringConvertible {
  var description: String
}

/// Looks until `condition` holds.
func eventually(
  _ what: String, within limit: Duration = .seconds(15), _ condition: () throws -> Bool
) async throws {
  let due = ContinuousClock.now + limit
  while try !condition() {
    guard ContinuousClock.now < due else { throw TooLate(description: "not in time: \(what)") }
    try await Task.sleep(for: .milliseconds(10))
  }
}

/// Folders that go with the test process.
enum TemporaryFolder {
  private static let root: URL = {
    atexit { try? FileManager.default.removeItem(at: TemporaryFolder.root) }
    return FileManager.default.temporaryDirectory.appendingPathComponent("fluoro-daemon-\(UUID().uuidString)")
  }()

  static func make() throws -> String {
    let path = root.appendingPathComponent(UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }
}

/// Documents as an SDK would send them, each with an id of its own.
func documents(_ range: Range<Int>, padding: Int = 0) -> [String] {
  range.map { number in
    let id = String(format: "%016x", number + 1)
    let trace = "1-5f2c7c00-" + String(format: "%024x", number + 1)
    return #"{"id":"\#(id)","trace_id":"\#(trace)","name":"shop","start_time":1,"end_time":2"#
      + (padding > 0 ? #","metadata":{"a":"\#(String(repeating: "x", count: padding))"}}"# : "}")
  }
}
