import FoundationEssentials
import Testing
import Traces
import XRayModel

#if canImport(Glibc)
  import Glibc
#endif

/// Traces as X-Ray itself answered them, read from where they lie: they are not part of this project.
private enum Recordings {
  static let corpus = getenv("FLUORO_CORPUS").map { String(cString: $0) }
  static let missing: Comment = "set FLUORO_CORPUS to the folder of recordings"

  struct File: CustomTestStringConvertible {
    var path: String
    var testDescription: String { String(path.split(separator: "/").last ?? "") }
  }

  /// The files whose names end so, of a folder beside or in the corpus.
  static func files(_ folder: String, _ suffixes: String...) -> [File] {
    guard let corpus else { return [] }
    let directory = "\(corpus)/\(folder)"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.sorted().filter { name in suffixes.contains { name.hasSuffix($0) } }.map {
      File(path: "\(directory)/\($0)")
    }
  }

  static let traces =
    files("../lambda-segments", ".json") + files("segments", ".json", ".ndjson")
    + files("segments/otel-awsxray", ".json") + files("api", ".json").filter { $0.path.contains("BatchGetTraces") }

  static func json(_ file: File) throws -> [JSONValue] {
    let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: file.path)), as: UTF8.self)
    if !file.path.hasSuffix(".ndjson") { return [try JSONValue(parsing: text, allowsNonFinite: true)] }
    return text.split(separator: "\n").compactMap { try? JSONValue(parsing: String($0), allowsNonFinite: true) }
  }

  /// Every segment in a file, whatever it is wrapped in.
  static func segments(_ file: File) throws -> [Entity] {
    func walk(_ value: JSONValue) -> [Entity] {
      if let array = value.array { return array.flatMap(walk) }
      if let wrapped = value["Traces"] ?? value["Segments"] ?? value["Document"] { return walk(wrapped) }
      if let text = value.string { return (try? JSONValue(parsing: text)).map(walk) ?? [] }
      return value.object.flatMap { Entity(json: $0) }.map { [$0] } ?? []
    }
    return try json(file).flatMap(walk)
  }

  /// By trace; segments whose trace id the source made unreadable belong together.
  static func traces(_ file: File) throws -> [(id: TraceID, documents: [Entity])] {
    let groups = Dictionary(grouping: try segments(file)) { $0.traceID ?? .notSampled }
    return groups.sorted { $0.key < $1.key }.map { (id: $0.key, documents: $0.value) }
  }
}

@Suite(.enabled(if: Recordings.corpus != nil, Recordings.missing)) struct `Recorded traces` {
  @Test func `are there`() { #expect(Recordings.traces.count > 20) }

  @Test(arguments: Recordings.traces) fileprivate func `compile with all they hold`(file: Recordings.File) throws {
    for (id, documents) in try Recordings.traces(file) {
      let trace = Trace(id: id, compiling: documents)
      #expect(trace == Trace(id: id, compiling: documents.reversed()) || hasRepeats(documents))
      let sent = Set(documents.flatMap(ids))
      let kept = Set(trace.segments.flatMap(ids))
      #expect(sent.isSubset(of: kept))
      let summary = TraceSummary(of: trace)
      let graph = ServiceGraph(of: [trace])
      #expect(Set(graph.services.map(\.id)) == Set(summary.services))
      #expect(graph.services.allSatisfy { $0.edges.allSatisfy { graph.services.indices.contains($0.target) } })
    }
  }

  /// X-Ray's own inferred segments are the measure: taken away, they must come back the same but for their ids.
  ///
  /// Not where the authors of the file changed its inferred segment by hand.
  @Test(arguments: Recordings.traces.filter { !$0.path.contains("grafana") })
  fileprivate func `infer the segments that X-Ray inferred`(
    file: Recordings.File
  ) throws {
    for (id, documents) in try Recordings.traces(file) {
      // Only where the calling subsegment was recorded too.
      let known = Set(documents.flatMap(ids))
      let expected = documents.filter { $0.isInferred && $0.parentID.map(known.contains) == true }
      let trace = Trace(id: id, compiling: documents.filter { !$0.isInferred })
      for segment in expected {
        var mine = try #require(trace.segments.first { $0.isInferred && $0.parentID == segment.parentID })
        mine.id = segment.id
        #expect(mine == segment)
      }
    }
  }

  @Test func `of the developer guide have the summary that it shows`() throws {
    let file = try #require(Recordings.traces.first { $0.path.contains("BatchGetTraces") })
    let (id, documents) = try #require(try Recordings.traces(file).first)
    let summary = TraceSummary(of: Trace(id: id, compiling: documents))
    let answer = try #require(
      Recordings.files("api", ".json").first { $0.path.contains("GetTraceSummaries") }.map {
        try Recordings.json($0)[0]
      })
    let shown = try #require(answer["TraceSummaries"]?.array?.first { $0["Id"]?.string == id.description })
    #expect(abs(summary.duration - (shown["Duration"]?.number?.double ?? 0)) < 0.0005)
    #expect(abs((summary.responseTime ?? 0) - (shown["ResponseTime"]?.number?.double ?? 0)) < 0.0005)
    #expect(summary.hasFault == shown["HasFault"]?.bool && summary.hasError == shown["HasError"]?.bool)
    #expect(summary.http.url == shown["Http"]?["HttpURL"]?.string && summary.http.status == 200)
    #expect(summary.users.map(\.name) == ["5M388M1E"])
    #expect(summary.annotations.map(\.key) == ["Name", "UserID"])
    let graph = ServiceGraph(of: [Trace(id: id, compiling: documents)])
    #expect(
      graph.edges.sorted() == [
        "Scorekeep:AWS::ElasticBeanstalk::Environment -> random-name:AWS::Lambda 1",
        "Scorekeep:AWS::ElasticBeanstalk::Environment -> scorekeep-user:AWS::DynamoDB::Table 1",
        "Scorekeep:client -> Scorekeep:AWS::ElasticBeanstalk::Environment 1",
        "random-name:AWS::Lambda -> random-name:AWS::Lambda::Function 1",
        "random-name:AWS::Lambda::Function -> arn:aws:sns:us-west-2:123456789012:awseb-e-ruag3jyweb-stack-"
          + "NotificationTopic-6B829NT9V5O9:AWS::SNS 1",
      ])
  }

  private func ids(_ entity: Entity) -> [EntityID] {
    var ids: [EntityID] = []
    entity.forEach { ids.append($0.id) }
    return ids
  }

  private func hasRepeats(_ documents: [Entity]) -> Bool {
    let ids = documents.flatMap(ids)
    return Set(ids).count < ids.count
  }
}
