import Foundation
import Testing

/// A file that says what the output was when somebody last looked at it.
///
/// `Scripts/test --update` writes the files anew; the difference is then read before it is committed.
struct Golden {
  private let file: URL

  init(_ name: String) { file = Recording.folder.appendingPathComponent("Goldens/\(name)") }

  private static let isUpdating = ProcessInfo.processInfo.environment["FLUORO_UPDATE_GOLDENS"] == "1"

  func check(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let text = text.hasSuffix("\n") ? text : text + "\n"
    if Self.isUpdating { try text.write(to: file, atomically: true, encoding: .utf8) }
    let known = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    guard known != text else { return }
    let lines = zip(
      known.split(separator: "\n", omittingEmptySubsequences: false),
      text.split(separator: "\n", omittingEmptySubsequences: false))
    let number = lines.enumerated().first { $1.0 != $1.1 }?.offset ?? 0
    let difference = Array(lines).indices.contains(number) ? Array(lines)[number] : ("", "")
    Issue.record(
      """
      \(file.lastPathComponent) differs at line \(number + 1):
        was \(difference.0)
        is  \(difference.1)
      Scripts/test --update writes it anew.
      """, sourceLocation: sourceLocation)
  }
}

/// Directories that go with the test process.
enum TemporaryDirectory {
  /// The one that all others lie in.
  private static let root: URL = {
    atexit { try? FileManager.default.removeItem(at: TemporaryDirectory.root) }
    return FileManager.default.temporaryDirectory.appendingPathComponent("fluoro-tests-\(UUID().uuidString)")
  }()

  /// A directory for one store.
  static func make(_ name: String) throws -> String {
    let url = root.appendingPathComponent("\(name)-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url.path
  }
}
