import Foundation
import Testing

/// Recorded data of others, read where it lies: the folder that `FLUORO_CORPUS` names.
enum Corpus {
  static let path = ProcessInfo.processInfo.environment["FLUORO_CORPUS"].flatMap { $0.isEmpty ? nil : $0 }
  static let comment: Comment = "set FLUORO_CORPUS to a folder of recorded traces to run this"
  static var isPresent: Bool { path != nil }

  /// The lines of a file that `zstd` compressed.
  static func lines(of name: String) throws -> [ArraySlice<UInt8>] {
    let output = FileManager.default.temporaryDirectory.appendingPathComponent("fluoro-\(UUID().uuidString).ndjson")
    defer { try? FileManager.default.removeItem(at: output) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["zstd", "-dqf", "-o", output.path, "\(path ?? "")/\(name)"]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "zstd could not read \(name)")
    return Array(try Data(contentsOf: output)).split(separator: UInt8(ascii: "\n"))
  }
}
