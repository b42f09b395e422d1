import DaemonOptions
import Foundation
import Testing

/// Resolves as a machine with 10 GB, the given files and nothing else would.
func resolve(
  _ arguments: [String] = [], environment: [String: String] = [:], files: [String: String] = [:],
  hostMemory: Int = 10 << 30
) throws(EarlyExit) -> DaemonOptions {
  try sources(arguments, environment: environment, files: files, hostMemory: hostMemory).resolve()
}

func sources(
  _ arguments: [String] = [], environment: [String: String] = [:], files: [String: String] = [:],
  hostMemory: Int = 10 << 30
) -> OptionSources {
  OptionSources(
    arguments: arguments, environment: environment, hostMemory: hostMemory, program: "xray", version: "9.8.7",
    readFile: { path in files[path].map { Array($0.utf8) } })
}

/// Why there are no settings.
func earlyExit(
  _ arguments: [String] = [], environment: [String: String] = [:], files: [String: String] = [:]
) -> EarlyExit? {
  do throws(EarlyExit) {
    _ = try resolve(arguments, environment: environment, files: files)
    return nil
  } catch {
    return error
  }
}

/// A file that is named by flag, and why it is refused.
func refusal(_ yaml: String) -> String? { earlyExit(["-c", "f"], files: ["f": yaml])?.text }

/// A folder that goes away with its owner.
final class Folder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "fluoro-options-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: "\(path)/\(name)")), as: UTF8.self)
  }
}
