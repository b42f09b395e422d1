import Testing

@Suite struct `The sources` {
  static let lineLimit = 400

  @Test func `keep to 400 lines a file, or say at the top why not`() throws {
    let long = try Repository.swiftFiles(in: "Packages", "Apps", "Tests").filter { file in
      file.lines.count > Self.lineLimit + 1 && !file.lines.prefix(5).contains { $0.hasPrefix("// Long because: ") }
    }
    #expect(long.map { "\($0.path): \($0.lines.count) lines" } == [])
  }

  @Test func `of libraries never import the whole of Foundation`() throws {
    let imports = try Regex(#"^\s*(@\w+ )*((public|package|internal|private) )?import (\w+ )?Foundation(\.|\s|$)"#)
    let hits = try libraries().flatMap { $0.matches(imports) }
    #expect(hits == [])
  }

  @Test func `say why it is safe where they could trap or race`() throws {
    let unsafe = try Regex(#"\btry!|\bfatalError\(|@unchecked Sendable|nonisolated\(unsafe\)"#)
    let hits = try Repository.swiftFiles(in: "Packages", "Apps").flatMap { file in
      file.matches(unsafe) { !file.isExplained($0) }
    }
    #expect(hits == [])
  }

  @Test func `name types by what they are`() throws {
    let vague = try Regex(#"\b(class|struct|enum|actor|protocol|typealias)\s+`?\w*(Manager|Helper|Utils)"#)
    let hits = try Repository.swiftFiles(in: "Packages", "Apps", "Tests").flatMap { $0.matches(vague) }
    #expect(hits == [])
  }

  @Test func `know no paths of the machine they were written on`() throws {
    // In two pieces, so that this file does not find itself.
    let path = try Regex("/wor" + "k/|/tmp/" + "ws-")
    let files = try Repository.files(
      in: ["Packages", "Apps", "Tests", "Scripts", "docs"], extensions: ["swift", "c", "h", "py", "md", ""])
    let hits = files.flatMap { $0.matches(path) }
    #expect(hits == [])
  }

  private func libraries() throws -> [TextFile] {
    try Repository.swiftFiles(in: "Packages").filter { $0.path.contains("/Sources/") }
  }
}
