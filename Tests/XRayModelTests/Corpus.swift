import Testing
import XRayModel

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Recorded trace data that is not part of the project: read in place, from where `FLUORO_CORPUS` points.
enum Corpus {
  static let folder = ProcessInfo.processInfo.environment["FLUORO_CORPUS"].flatMap { $0.isEmpty ? nil : $0 }

  static let condition = ConditionTrait.enabled(
    if: folder != nil, "FLUORO_CORPUS is not set: the tests against recorded trace data are skipped")

  struct Document: Sendable, CustomTestStringConvertible {
    /// File and number, such as `segments/zipkin-ascend.ndjson#2`.
    var name: String
    var bytes: [UInt8]
    var testDescription: String { name }
  }

  static func bytes(_ path: String) throws -> [UInt8] {
    let folder = try #require(folder)
    return try Array(Data(contentsOf: URL(filePath: "\(folder)/\(path)")))
  }

  /// Every segment document in the files of a folder, whichever form they have.
  static func documents(in path: String) throws -> [Document] {
    let folder = try #require(folder)
    let files = try FileManager.default.subpathsOfDirectory(atPath: "\(folder)/\(path)").sorted()
    return try files.flatMap { file -> [Document] in
      let name = "\(path)/\(file)"
      if file.hasSuffix(".ndjson") { return try lines(bytes(name), of: name) }
      if file.hasSuffix(".json") { return try traces(bytes(name), of: name) }
      return []
    }
  }

  private static func lines(_ bytes: [UInt8], of name: String) -> [Document] {
    bytes.split(separator: 0x0A).enumerated().map { Document(name: "\(name)#\($0 + 1)", bytes: Array($1)) }
  }

  /// A file that is one document, an array of documents, or a trace with `Segments`.
  private static func traces(_ bytes: [UInt8], of name: String) throws -> [Document] {
    let json = try JSONValue(parsing: bytes.span)
    guard let segments = json["Segments"]?.array ?? json.array else { return [Document(name: name, bytes: bytes)] }
    return segments.enumerated().map { index, segment in
      Document(name: "\(name)#\(index + 1)", bytes: Array((segment["Document"] ?? segment).rendered().utf8))
    }
  }
}
