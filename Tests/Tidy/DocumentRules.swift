import Foundation
import Testing

@Suite struct `The documentation` {
  @Test func `links only to what is there`() throws {
    let link = /\]\(([^)#\s]+)/
    let pages =
      try Repository.files(in: ["docs", "Packages"], extensions: ["md"])
      + ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(TextFile.init)
    for page in pages where !page.path.contains(".docc/") {
      let folder = page.path.split(separator: "/").dropLast().joined(separator: "/")
      let targets = page.lines.flatMap { $0.matches(of: link).map { String($0.1) } }.filter { !$0.contains(":") }
      let dead = targets.filter { !Repository.exists(folder.isEmpty ? $0 : "\(folder)/\($0)") }
      #expect(dead == [], "\(page.path)")
    }
  }

  @Test func `of a script is its answer to --help`() throws {
    let scripts = try FileManager.default.contentsOfDirectory(atPath: Repository.root.appending(path: "Scripts").path())
    for script in scripts {
      let process = Process()
      process.executableURL = Repository.root.appending(path: "Scripts/\(script)")
      process.arguments = ["--help"]
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0 && text.contains("Usage: Scripts/\(script)"))
    }
  }
}
