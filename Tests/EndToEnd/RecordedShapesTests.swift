import Foundation
import Testing
import XRayModel

/// Segments that AWS's own services made, read where they lie: the folder that `FLUORO_CORPUS` names and the
/// `lambda-segments` beside it.
private enum RecordedSegments {
  static let corpus = ProcessInfo.processInfo.environment["FLUORO_CORPUS"].flatMap { $0.isEmpty ? nil : $0 }

  /// Every segment of this origin.
  static func segments(origin: String) throws -> [JSONValue] {
    let folders = ["\(corpus ?? "")/segments", "\(corpus ?? "")/../lambda-segments"]
    return try folders.flatMap { folder -> [JSONValue] in
      let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
      return try files.filter { $0.hasSuffix(".json") || $0.hasSuffix(".ndjson") }.sorted().flatMap { file in
        try values("\(folder)/\(file)").flatMap(segments)
      }
    }.filter { $0["origin"]?.string == origin }
  }

  /// One JSON value, or one a line.
  private static func values(_ path: String) throws -> [JSONValue] {
    let bytes = try TemporaryDirectory.read(path)
    if let value = try? JSONValue(parsing: bytes.span) { return [value] }
    return bytes.split(separator: 0x0A).compactMap { try? JSONValue(parsing: Array($0).span) }
  }

  /// Documents lie alone, in lists, or as texts in the answers of the API.
  private static func segments(in value: JSONValue) -> [JSONValue] {
    switch value {
    case .array(let elements): elements.flatMap(segments)
    case .object(let object):
      if object["trace_id"] != nil || object["start_time"] != nil {
        [value]
      } else {
        object.members.flatMap { member -> [JSONValue] in
          guard member.key == "Document", let text = member.value.string else { return segments(in: member.value) }
          return (try? JSONValue(parsing: text)).map { [$0] } ?? []
        }
      }
    default: []
    }
  }
}

@Suite(.enabled(if: RecordedSegments.corpus != nil, "set FLUORO_CORPUS to a folder of recorded traces to run this"))
struct `Lambda's segments of the demo` {
  /// Members, the blocks' own included, that any of `segments` has.
  private func members(of segments: [JSONValue]) -> Set<String> {
    segments.reduce(into: []) { found, segment in
      for member in segment.object?.members ?? [] {
        found.insert(member.key)
        guard member.key != "annotations", member.key != "metadata" else { continue }
        for inner in member.value.object?.members ?? [] { found.insert("\(member.key).\(inner.key)") }
      }
    }
  }

  @Test(arguments: ["AWS::Lambda", "AWS::Lambda::Function"])
  func `have no member that recorded ones lack, and lack none that all of them have`(origin: String) throws {
    let recorded = try RecordedSegments.segments(origin: origin).filter { $0["inferred"]?.bool != true }
    try #require(recorded.count >= 8)
    let made = try DemoRun.traces().traces.flatMap { $0.segments(origin: origin) }
    try #require(made.count > 10)
    // No recording at hand shows a failure or a throttle, so these are ours by the rules of X-Ray.
    let byRule: Set = [
      "error", "fault", "throttle", "cause", "cause.working_directory", "cause.exceptions", "cause.paths", "metadata",
    ]
    let extra = members(of: made).subtracting(members(of: recorded)).subtracting(byRule)
    #expect(extra.isEmpty)
    let common = recorded.map { members(of: [$0]) }.reduce(members(of: recorded)) { $0.intersection($1) }
    for segment in made {
      let missing = common.subtracting(members(of: [segment]))
      #expect(missing.isEmpty, "\(segment["name"]?.string ?? "")")
    }
  }

  @Test func `hold only subsegments that recorded ones hold`() throws {
    func names(_ segments: [JSONValue]) -> Set<String> {
      Set(segments.flatMap(\.subsegments).map { $0.name.hasPrefix("Attempt #") ? "Attempt #n" : $0.name })
    }
    for origin in ["AWS::Lambda", "AWS::Lambda::Function"] {
      let recorded = names(try RecordedSegments.segments(origin: origin))
      let made = names(try DemoRun.traces().traces.flatMap { $0.segments(origin: origin) })
      #expect(made.isSubset(of: recorded), "\(origin): \(made.subtracting(recorded))")
    }
  }
}
