import Testing
import XRayModel

@testable import SegmentBlocks

#if canImport(FoundationEssentials)
  import Foundation
#endif

/// Recorded trace data that is not part of the project: read in place, from where `FLUORO_CORPUS` points.
private enum Corpus {
  static let folder = ProcessInfo.processInfo.environment["FLUORO_CORPUS"].flatMap { $0.isEmpty ? nil : $0 }
  static let condition = ConditionTrait.enabled(
    if: folder != nil, "FLUORO_CORPUS is not set: the tests against recorded trace data are skipped")

  /// The first documents of a compressed stream.
  static func stream(_ name: String, count: Int) throws -> DocumentBatch {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = [
      "-c", "zstd -dc \"$0\" | head -n \"$1\"", "\(try #require(folder))/stream/\(name)", "\(count)",
    ]
    process.standardOutput = pipe
    try process.run()
    let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return DocumentBatch(bytes.split(separator: 0x0A))
  }

  static func files(in path: String) throws -> [(name: String, bytes: [UInt8])] {
    let root = "\(try #require(folder))/\(path)"
    return try FileManager.default.subpathsOfDirectory(atPath: root).sorted()
      .filter { $0.hasSuffix("json") }
      .map { ($0, Array(try Data(contentsOf: URL(fileURLWithPath: "\(root)/\($0)")))) }
  }
}

@Suite(Corpus.condition) struct `Recorded documents come back as they were` {
  @Test(arguments: ["segments", "../lambda-segments"])
  func `of every SDK`(folder: String) throws {
    let files = try Corpus.files(in: folder)
    #expect(files.count > 5)
    let whole = DocumentBatch(files.map(\.bytes))
    #expect(try expectRoundTrip(whole).statistics.rawDocuments == 0)
    let lines = DocumentBatch(
      files.filter { $0.name.hasSuffix("nd" + "json") }.flatMap { $0.bytes.split(separator: 0x0A) })
    try expectRoundTrip(lines)
    // Often enough for their phrases to get into the dictionary.
    var many = DocumentBatch()
    for _ in 0..<5 { for index in 0..<whole.count { many.append(whole[index]) } }
    let block = try expectRoundTrip(many)
    #expect(block.bytes.count * 6 < many.bytes.count)
  }

  @Test(arguments: [("onlineboutique-2022-08-22.ndjson.zst", 13), ("trainticket-2023-01-29.ndjson.zst", 17)])
  func `from a stream, in a small part of its bytes`(name: String, ratio: Int) throws {
    let documents = try Corpus.stream(name, count: 4096)
    #expect(documents.count == 4096)
    let traces = (0..<documents.count).map {
      Array(documents[$0][(documents.range(of: $0).lowerBound + 13)...].prefix(35))
    }
    let order = (0..<documents.count).sorted {
      traces[$0] == traces[$1] ? $0 < $1 : traces[$0].lexicographicallyPrecedes(traces[$1])
    }
    let block = try expectRoundTrip(documents, order: order)
    #expect(block.statistics.rawDocuments == 0)
    #expect(block.bytes.count * ratio < documents.bytes.count)
  }
}
