import XRayModel

/// A sink whose work would hold up the event loop, a store for instance: its calls run on the threads that all tasks
/// share.
struct SinkBeside: SegmentSink {
  let sink: any SegmentSink

  func put(_ batch: DocumentBatch) async throws -> [SegmentOutcome] {
    try await withTaskExecutorPreference(globalConcurrentExecutor) { try await sink.put(batch) }
  }
}
