import XRayModel

/// The documents that a writer of this seed puts into a store: the same ones, however often it begins anew.
///
/// Some twenty documents follow one another in about four traces, so a trace is soon at its end.
struct WrittenDocuments {
  /// Documents that are put together.
  static let batch = 12
  private static let epoch = Timestamp(seconds: Int64(1_700_000_000))

  private let random: RandomSource
  private var traces: [(id: TraceID, start: Timestamp)] = []
  private(set) var documents: [[UInt8]] = []
  /// The trace of each document.
  private(set) var owners: [TraceID] = []

  init(seed: UInt64) { random = RandomSource(seed: seed) }

  /// When a store is told that a document came, by its number.
  static func arrival(_ number: Int) -> Timestamp { epoch.advanced(by: .milliseconds(number)) }

  /// Makes documents until there are `count`.
  mutating func make(_ count: Int) {
    while documents.count < count {
      if traces.isEmpty || random.next() % 5 == 0 {
        let start = Self.arrival(documents.count)
        traces.append((random.traceID(at: start), start))
      }
      let trace = traces[max(0, traces.count - 1 - Int(random.next() % 4))]
      owners.append(trace.id)
      documents.append(document(of: trace.id, start: trace.start))
    }
  }

  private func document(of trace: TraceID, start: Timestamp) -> [UInt8] {
    let start = start.advanced(by: .milliseconds(Int(random.next() % 1000)))
    let end = start.advanced(by: .microseconds(Int(random.next() % 90_000)))
    return Array(
      """
      {"trace_id":"\(trace)","id":"\(random.entityID())","name":"service-\(random.next() % 4)","start_time":\(start),\
      "end_time":\(end),"annotations":{"order":"\(random.requestID())"}}
      """.utf8)
  }
}
