import FoundationEssentials
import Testing
import XRayModel

@testable import SpanIntake

/// Spans that others recorded, read where `FLUORO_CORPUS` points.
@Suite(.enabled(if: Corpus.path != nil, "FLUORO_CORPUS is not set"))
struct `Recorded spans` {
  @Test func `of OpenTelemetry are taken`() throws {
    let conversion = SpanConversion(try OTLPRequest(json: try Corpus.bytes("foreign/otlp/otlp2jaeger-in.json")))
    let entities = try conversion.documents.entities
    #expect(entities.count == 2 && conversion.rejectedSpans == 0)
    #expect(entities.first?.name == "telemetrygen")
    #expect(entities.first?.traceID?.description == "1-83a9efd1-5c1c98a977e0711cc93ee28b")
  }

  @Test(arguments: [
    ("ascend", 8), ("messaging-kafka", 28), ("simple-db-p6", 5), ("smartthings-oauth-authorization", 175),
  ])
  func `of Zipkin are taken, each as one connected trace`(name: String, count: Int) throws {
    let request = try ZipkinRequest(json: try Corpus.bytes("foreign/zipkin/\(name).json"))
    let conversion = SpanConversion(request)
    #expect(request.spanCount == count)
    let entities = try conversion.documents.entities
    #expect(entities.count == count && conversion.rejectedSpans == 0)
    #expect(Set(entities.compactMap(\.traceID)).count == 1)
    // Every id is somebody's alone.
    var ids: Set<EntityID> = []
    for entity in entities { entity.forEach { ids.insert($0.id) } }
    let embedded = entities.reduce(0) { $0 + $1.subsegments.count }
    #expect(ids.count == count + embedded)
    let sent = Set(request.resources.flatMap { $0.scopes.flatMap(\.spans) }.compactMap(\.id.value))
    let lost = entities.filter { entity in entity.parentID.map { !ids.contains($0) && sent.contains($0) } ?? false }
    #expect(lost.isEmpty)
  }
}

enum Corpus {
  static let path = ProcessInfo.processInfo.environment["FLUORO_CORPUS"]

  static func bytes(_ file: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: "\(path ?? "")/\(file)")))
  }
}
