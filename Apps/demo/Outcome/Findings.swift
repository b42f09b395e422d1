import LambdaEmitter
import Traces
import XRayModel

/// What a run left behind, read back from the store and from everyone who counts.
struct Findings: Sendable {
  var traces: [Trace]
  var summaries: [TraceSummary]
  var graph: ServiceGraph
  var ledger: Ledger
  var logs: [InvocationLog]
  var deadLetters: Int
  /// The documents as they were sent.
  var documents: DocumentBatch
}

extension Findings {
  init(_ store: some TraceStore, stage: DemoStage, ledger: Ledger) async throws {
    documents = DocumentBatch()
    for try await batch in store.documents() {
      for index in 0..<batch.count { documents.append(batch[index]) }
    }
    let page = try await store.summaries(TraceQuery(limit: 10_000))
    summaries = page.summaries
    traces = try await store.traces(page.summaries.map(\.id))
    graph = try await store.serviceGraph(in: nil)
    self.ledger = ledger
    logs = stage.lambda.logs
    deadLetters = stage.lambda.queue(Scenario.deadLetters).messages.count
  }

  /// Traces with a service segment of this function, oldest first.
  func traces(of function: String) -> [Trace] {
    traces.filter { $0.segments(.service, of: function).count > 0 }.sorted { ($0.start, $0.id) < ($1.start, $1.id) }
  }
}

extension Trace {
  enum LambdaOrigin: String {
    case service = "AWS::Lambda"
    case function = "AWS::Lambda::Function"
  }

  /// The segments that Lambda emitted for a function, from the service's side or from the function's.
  func segments(_ origin: LambdaOrigin, of function: String) -> [Entity] {
    segments.filter { $0.origin == origin.rawValue && $0.name == function && !$0.isInferred }
  }
}
