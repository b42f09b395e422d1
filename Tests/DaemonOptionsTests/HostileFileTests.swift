import Foundation
import Testing

@testable import DaemonOptions

@Suite struct `A hostile file` {
  @Test(arguments: [
    "Region: &a x\nVersion: 2", "Version: 2\nRegion: *a", "a: &a [x]\nb: &b [*a, *a]\nVersion: 2",
    "Region: !!str x\nVersion: 2",
    "Fluoro: !map {}\nVersion: 2", "Fluoro: {Endpoints: !!seq [a]}", "!!binary aGFsbG8=: 1",
  ])
  func `with anchors, aliases or tags is refused`(yaml: String) throws {
    let text = try #require(refusal(yaml))
    #expect(text.contains("not supported (f:"))
  }

  @Test(arguments: [
    "Version: 2\n\tRegion: a", "Version: 2\nRegion: \"open", "Version: [2", "a: b: c", "Version: 2\n}",
    "%YAML 3.0\n---\nVersion: 2", "[a, b]", "just words", "? {a: b}\n: c", "? [a]\n: c", "@",
  ])
  func `that is no map of keys is refused with a place`(yaml: String) throws {
    let text = try #require(refusal(yaml))
    #expect(text.hasPrefix("Error occur when using config flag: ") && text.contains(/\(f:\d+:\d+\)$/))
  }

  @Test func `that is binary is refused with a place`() throws {
    let cases: [([UInt8], YAMLPosition)] = [
      ([0], YAMLPosition(line: 1, column: 1)),
      (Array("Version: 2\nRegion: a\0b".utf8), YAMLPosition(line: 2, column: 10)),
      (Array("Version: 2\nRegion: ".utf8) + [0xFF, 0xC0], YAMLPosition(line: 2, column: 9)),
      (Array("a\n\u{1B}[31m".utf8), YAMLPosition(line: 2, column: 1)),
    ]
    for (bytes, position) in cases {
      let error = #expect(throws: YAMLError.self) { try YAMLReader.read(bytes) }
      #expect(error?.position == position)
    }
    var random = SystemRandomNumberGenerator()
    for length in 0..<2_000 {
      // Whatever comes of it, it comes back.
      _ = try? YAMLReader.read((0..<length % 200).map { _ in UInt8.random(in: 0...255, using: &random) })
      let marks = Array("{}[]:,-?&*!|>'\"%@` \n\tab#~".utf8)
      _ = try? YAMLReader.read((0..<length % 200).map { _ in marks.randomElement(using: &random) ?? 0 })
    }
  }

  @Test func `beyond 16 levels is refused`() throws {
    func nested(_ levels: Int) -> [UInt8] {
      Array((String(repeating: "[", count: levels) + String(repeating: "]", count: levels)).utf8)
    }
    #expect(try YAMLReader.read(nested(16)) != nil)
    #expect(throws: YAMLError.self) { try YAMLReader.read(nested(17)) }
    #expect(throws: YAMLError.self) { try YAMLReader.read(Array(repeating: UInt8(ascii: "["), count: 1 << 20)) }
    #expect(throws: YAMLError.self) { try YAMLReader.read(Array(String(repeating: "{a: ", count: 200_000).utf8)) }
  }

  @Test func `of a megabyte is read in good time, and beyond it is refused`() throws {
    let key = "a: 1\n"
    let file = Array(String(repeating: key, count: (1 << 20) / key.count).utf8)
    let clock = ContinuousClock()
    var entries = 0
    let taken = try clock.measure { entries = try YAMLReader.read(file)?.entries?.count ?? 0 }
    #expect(entries == file.count / key.count)
    #expect(taken < .seconds(20))
    #expect(throws: YAMLError.self) { try YAMLReader.read(file + file) }
    let options = try resolve(files: [
      "cfg.yaml": "Version: 2\n" + String(decoding: file.prefix(500_000), as: UTF8.self)
    ])
    #expect(options.warnings.count == ConfigurationFile.maximumWarnings)
  }

  @Test func `ends after its first document`() throws {
    #expect(try resolve(["-c", "f"], files: ["f": "Version: 2\n---\nVersion: 9\n--- *x"]).configPath == "f")
  }

  @Test func `can start with a byte order mark and end lines with CR`() throws {
    #expect(try resolve(["-c", "f"], files: ["f": "\u{FEFF}Region: a\r\nVersion: 2\r\n"]).region == "a")
  }

  @Test func `on disk is read up to the limit`() throws {
    let folder = try Folder()
    let path = folder.path + "/cfg.yaml"
    #expect(try ConfigurationPath.readFile(path) == nil)
    #expect(try ConfigurationPath.readFile(path + "/below") == nil)
    try Data(repeating: 32, count: 3 << 20).write(to: URL(filePath: path))
    let count = try #require(try ConfigurationPath.readFile(path)?.count)
    #expect(count > 1 << 20 && count < 2 << 20)
    try Data("Version: 2\nRegion: disk\n".utf8).write(to: URL(filePath: path))
    let sources = OptionSources(arguments: ["-c", path], environment: [:], hostMemory: 0, program: "x", version: "1")
    #expect(try sources.resolve().region == "disk")
    #expect(throws: FileError.self) { try ConfigurationPath.readFile(folder.path) }
  }
}
