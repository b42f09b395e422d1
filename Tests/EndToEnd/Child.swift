import Foundation

/// Runs one of this package's own executables, or a program of the machine, and waits for its end.
enum Child {
  struct Output {
    var status: Int32
    var standardOutput: String
    var standardError: String
  }

  struct NotFound: Error, CustomStringConvertible {
    var program: String
    var description: String { "\(program) was not found; `swift build` makes the package's own executables" }
  }

  /// Where `swift build` put the executables: beside the bundle that runs the tests.
  static var directory: String {
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    return URL(fileURLWithPath: bundle).deletingLastPathComponent().path
  }

  /// The path of one of this package's executables, or of a program on the PATH.
  static func path(_ program: String) throws -> String {
    let search =
      [directory] + (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    guard let place = search.first(where: { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }) else {
      throw NotFound(program: program)
    }
    return "\(place)/\(program)"
  }

  /// Runs `program`, gives it `input`, and returns what it printed.
  ///
  /// - Parameter output: A file for its standard output, in place of the text in what is returned.
  static func run(
    _ program: String, _ arguments: [String] = [], input: [UInt8] = [], output: String? = nil
  ) throws -> Output {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try path(program))
    process.arguments = arguments
    // Files, not pipes: a child that prints much never has to wait for us to read.
    let directory = try TemporaryDirectory.make("child")
    let files = ["\(directory)/in", output ?? "\(directory)/out", "\(directory)/err"].map { URL(fileURLWithPath: $0) }
    try Data(input).write(to: files[0])
    for file in files.dropFirst() { try Data().write(to: file) }
    process.standardInput = try FileHandle(forReadingFrom: files[0])
    process.standardOutput = try FileHandle(forWritingTo: files[1])
    process.standardError = try FileHandle(forWritingTo: files[2])
    try process.run()
    process.waitUntilExit()
    return Output(
      status: process.terminationStatus,
      standardOutput: String(decoding: try Data(contentsOf: files[1]), as: UTF8.self),
      standardError: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self))
  }
}

/// Directories that go with the test process.
enum TemporaryDirectory {
  /// The one that all others lie in.
  private static let root: URL = {
    atexit { try? FileManager.default.removeItem(at: TemporaryDirectory.root) }
    return FileManager.default.temporaryDirectory.appendingPathComponent("fluoro-tests-\(UUID().uuidString)")
  }()

  /// A new directory.
  static func make(_ name: String) throws -> String {
    let path = root.appendingPathComponent("\(name)-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  static func read(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }

  static func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }
}
