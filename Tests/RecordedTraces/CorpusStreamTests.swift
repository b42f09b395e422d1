import SQLiteStore
import Testing
import Traces
import XRayModel

@Suite(.enabled(if: Corpus.isPresent, Corpus.comment))
struct `The stream of recorded traces` {
  /// Two applications' traces, with the number of documents and of traces in each.
  static let streams = [
    ("stream/onlineboutique-2022-08-22.ndjson.zst", 62_474, 5_772),
    ("stream/trainticket-2023-01-29.ndjson.zst", 55_973, 4_551),
  ]

  @Test(arguments: streams)
  func `goes into the store without a rejection and comes back as it was`(
    name: String, documents: Int, traces: Int
  ) async throws {
    let lines = try Corpus.lines(of: name)
    #expect(lines.count == documents)
    let store = try SQLiteTraceStore(directory: TemporaryDirectory.make("stream"))
    for start in stride(from: 0, to: lines.count, by: 500) {
      let batch = DocumentBatch(lines[start..<min(start + 500, lines.count)])
      let outcomes = try await store.put(batch)
      #expect(outcomes.allSatisfy { $0 == .stored })
    }
    let statistics = try await store.statistics()
    #expect(statistics.documents == documents)
    #expect(statistics.traces == traces)
    #expect(statistics.rejected.isEmpty)

    var position = 0
    var different = 0
    for try await batch in store.documents() {
      for index in 0..<batch.count {
        if batch[index] != lines[position] { different += 1 }
        position += 1
      }
    }
    #expect(position == documents)
    // The same bytes are the same JSON.
    #expect(different == 0)
    try await store.close()
  }
}
