import Foundation
import Testing

/// The checked-out repository that this file lies in.
enum Repository {
  static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The files below `folders` that have one of `extensions`, without what was built there.
  static func files(in folders: [String], extensions: Set<String>) throws -> [TextFile] {
    try folders.flatMap { folder in
      let paths = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path())
      return try paths.sorted().filter { path in
        extensions.contains(URL(filePath: path).pathExtension) && !isFolder("\(folder)/\(path)")
          && !path.split(separator: "/").contains { $0.hasPrefix(".") }
      }.map { try TextFile("\(folder)/\($0)") }
    }
  }

  static func swiftFiles(in folders: String...) throws -> [TextFile] { try files(in: folders, extensions: ["swift"]) }

  /// The names of the folders in `folder`.
  static func folders(in folder: String) throws -> [String] {
    let contents = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path())
    return contents.sorted().filter { !$0.hasPrefix(".") && isFolder("\(folder)/\($0)") }
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appending(path: path).path())
  }

  private static func isFolder(_ path: String) -> Bool {
    (try? root.appending(path: path).resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == true
  }
}

/// A file of the repository, by lines.
struct TextFile {
  /// Seen from the root of the repository.
  let path: String
  let lines: [Substring]

  init(_ path: String) throws {
    self.path = path
    let text = try String(contentsOf: Repository.root.appending(path: path), encoding: .utf8)
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  /// Where lines match, as `path:line: text`.
  func matches(_ pattern: Regex<some Any>, where isMeant: (Int) -> Bool = { _ in true }) -> [String] {
    lines.indices.filter { lines[$0].contains(pattern) && isMeant($0) }.map { "\(path):\($0 + 1): \(lines[$0])" }
  }

  /// Whether the line, or the first above it that is not blank, holds a comment.
  func isExplained(_ line: Int) -> Bool {
    let above = lines[..<line].last { !$0.allSatisfy(\.isWhitespace) }
    return lines[line].contains("//") || above?.drop(while: \.isWhitespace).hasPrefix("//") == true
  }
}
