import SQLiteStore
import Testing
import TraceReports
import Traces
import XRayModel

@Suite struct `Recordings of the official SDK` {
  @Test func `are all here`() {
    #expect(Recording.all.count == 55)
    #expect(Recording.all.reduce(0) { $0 + $1.count } == 449)
  }

  @Test(arguments: Recording.all)
  func `decode to as many documents as were sent`(recording: Recording) throws {
    let documents = try recording.documents()
    #expect(documents.count == recording.count)
    for document in documents {
      #expect(throws: Never.self) { try JSONValue(parsing: document.span, allowsNonFinite: true) }
    }
  }

  /// What a store must refuse, by X-Ray's own rules: everything else is taken.
  static let refused = ["S19-names-unicode": [SegmentRejection.Code.invalidName]]

  @Test(arguments: Recording.positive)
  func `are stored, compiled and drawn as before`(recording: Recording) async throws {
    let store = try SQLiteTraceStore(directory: TemporaryDirectory.make(recording.name))
    let documents = try recording.documents()
    let outcomes = try await store.put(DocumentBatch(documents))
    let codes = outcomes.compactMap { if case .unprocessed(let rejection) = $0 { rejection.code } else { nil } }
    #expect(codes == Self.refused[recording.name] ?? [])

    let page = try await store.summaries(TraceQuery(limit: 1000))
    let traces = try await store.traces(page.summaries.map(\.id)).sorted { ($0.start, $0.id) < ($1.start, $1.id) }
    try await store.close()
    try Golden(recording.name + ".json").check(BatchGetTracesExport.json(traces))
    let timelines = traces.map { TextTimeline($0, width: 110).text }
    try Golden(recording.name + ".txt").check(timelines.joined(separator: "\n\n"))
  }

  @Test(arguments: Recording.all.filter { $0.count == 0 })
  func `yield no trace where the SDK must not send`(recording: Recording) throws {
    #expect(recording.datagrams.isEmpty)
    #expect(try recording.documents().isEmpty)
  }

  @Test func `of SQLAlchemy have subsegments without names, which are counted`() throws {
    let recording = try #require(Recording.all.first { $0.name == "S14-sqlalchemy" })
    let document = try #require(try recording.documents().first)
    #expect(try SegmentIndex(scanning: document.span).tolerated.contains(.namelessSubsegment))
  }

  @Test func `with NaN in their metadata are kept and counted`() throws {
    let recording = try #require(Recording.all.first { $0.name == "S22-metadata-types" })
    let document = try #require(try recording.documents().first)
    #expect(try SegmentIndex(scanning: document.span).tolerated == .nonFiniteMetadata)
  }
}
