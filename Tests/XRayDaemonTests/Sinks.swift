import Synchronization
import XRayModel

struct SinkFailure: Error {}

/// Keeps every document as it came, valid or not, and answers as it is told.
final class RecordingSink: SegmentSink {
  private let state = Mutex<(batches: [[[UInt8]]], calls: Int)>(([], 0))
  private let answer: @Sendable (_ call: Int, _ batch: DocumentBatch) async throws -> [SegmentOutcome]

  init(
    answer: @escaping @Sendable (_ call: Int, _ batch: DocumentBatch) async throws -> [SegmentOutcome] = { _, batch in
      Array(repeating: .stored, count: batch.count)
    }
  ) { self.answer = answer }

  /// Batches that were answered, in the order of the answers.
  var batches: [[[UInt8]]] { state.withLock { $0.batches } }
  var documents: [[UInt8]] { batches.flatMap { $0 } }
  var texts: [String] { documents.map { String(decoding: $0, as: UTF8.self) } }
  var calls: Int { state.withLock { $0.calls } }

  func put(_ batch: DocumentBatch) async throws -> [SegmentOutcome] {
    let call = state.withLock { state in
      state.calls += 1
      return state.calls
    }
    let outcomes = try await answer(call, batch)
    state.withLock { $0.batches.append((0..<batch.count).map { Array(batch[$0]) }) }
    return outcomes
  }
}

/// A door that tasks wait at until it is opened.
final class Door: Sendable {
  private struct State {
    var isOpen = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }
  private let state = Mutex(State())

  func open() {
    let waiting = state.withLock { state in
      defer { state.waiting = [] }
      state.isOpen = true
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  func pass() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiting.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }
}
