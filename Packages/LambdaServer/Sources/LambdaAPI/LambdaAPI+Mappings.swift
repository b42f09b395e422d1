import EventSources
import LambdaEmitter
import XRayModel

/// What is known of an event source mapping beside what is kept. It lives as long as the streams' records do.
struct MappingProgress {
  /// How far the shards of a stream are done with.
  struct Checkpoint {
    let stream: EventStream
    var positions: [Int]
  }

  /// Whoever feeds the function now, and the mapping as they have it.
  struct Poller {
    var mapping: StoredMapping
    var stop: StopSignal
  }

  var poller: Poller?
  var checkpoint: Checkpoint?
  /// As Lambda words it.
  var result = "No records processed"
}

extension LambdaAPI {
  /// Feeds functions from their queues and streams until it is cancelled. To be called once, beside the emulation's
  /// own ``LambdaEmitter/LambdaService/run()``.
  ///
  /// Each mapping has a poller, which waits for messages or records. The poller of a mapping that is changed, disabled
  /// or deleted ends after its batch, and only then the changed one begins.
  public func run() async {
    await withDiscardingTaskGroup { group in
      for await _ in mappingChanges {
        let mappings = current.mappings
        for id in newPollers(mappings) { group.addTask { await self.poll(id) } }
      }
    }
  }

  /// Says that mappings are other than before.
  func mappingsChanged() { mappingSignal.yield() }

  func lastResult(of id: String) -> String { progress.withLock { $0[id]?.result } ?? MappingProgress().result }

  /// Notes where a new mapping begins: at this moment, not when its poller comes up.
  func begin(_ id: String, in stream: EventStream, at start: ShardStart) {
    let positions = (0..<stream.shardCount).map { stream.position(inShard: $0, start, at: clock.now) ?? 0 }
    progress.withLock { $0[id, default: MappingProgress()].checkpoint = .init(stream: stream, positions: positions) }
  }

  /// Notes that a mapping has no poller any more, or is no more itself.
  private func forget(_ id: String, isGone: Bool) {
    progress.withLock { if isGone { $0[id] = nil } else { $0[id]?.poller = nil } }
  }

  /// Forgets a mapping that is gone, unless its poller still does and will.
  func forgetUnpolled(_ id: String) {
    progress.withLock { if $0[id]?.poller == nil { $0[id] = nil } }
  }

  /// Stops the pollers of mappings that are other than before. Returns those which have none and need one.
  private func newPollers(_ mappings: [String: StoredMapping]) -> [String] {
    progress.withLock { progress in
      for (id, known) in progress {
        if let poller = known.poller, poller.mapping != mappings[id] { poller.stop.stop() }
      }
      let new = mappings.values.filter { $0.isEnabled && progress[$0.id]?.poller == nil }.sorted { $0.id < $1.id }
      for mapping in new {
        progress[mapping.id, default: MappingProgress()].poller = .init(mapping: mapping, stop: StopSignal())
      }
      return new.map(\.id)
    }
  }

  /// Feeds a function, with a new beginning at each change of the mapping, until that is disabled or gone.
  private func poll(_ id: String) async {
    while !Task.isCancelled {
      let mapping = current.mappings[id]
      guard let mapping, mapping.isEnabled else {
        forget(id, isGone: mapping == nil)
        // It may have been enabled meanwhile.
        return mappingsChanged()
      }
      let stop = StopSignal()
      progress.withLock { $0[id, default: MappingProgress()].poller = .init(mapping: mapping, stop: stop) }
      // Whoever changed it before this had nobody to stop.
      guard current.mappings[id] == mapping else { continue }
      if let settings = mapping.stream {
        await feed(mapping, settings, until: stop)
      } else {
        try? await service.feed(mapping.reference, from: mapping.queueSource, until: stop)
      }
      // Without a signal it ended because something is missing.
      if !stop.isStopped { await stop.sleep(until: clock.now.advanced(by: service.scaled(.seconds(1))), on: clock) }
    }
  }

  /// Feeds a function from all shards of a stream, beside each other.
  private func feed(
    _ mapping: StoredMapping, _ settings: StoredMapping.StreamSettings, until stop: StopSignal
  ) async {
    guard let stream = streams?.stream(arn: mapping.source) else {
      return note(mapping.id) { $0.result = "PROBLEM: Stream not found" }
    }
    let source = mapping.streamSource(settings)
    let positions = positions(of: mapping.id, in: stream)
    await withDiscardingTaskGroup { group in
      for (shard, position) in positions.enumerated() {
        group.addTask {
          try? await self.service.feed(
            mapping.reference, from: source, shard: shard, of: stream, at: position, until: stop
          ) { event in
            self.note(mapping.id) { progress in
              switch event {
              case .tried(let hasFailed): progress.result = hasFailed ? "PROBLEM: Function call failed" : "OK"
              case .reached(let position): progress.checkpoint?.positions[shard] = position
              }
            }
          }
        }
      }
    }
  }

  private func note(_ id: String, _ change: (inout MappingProgress) -> Void) {
    progress.withLock { progress in
      guard var known = progress[id] else { return }
      change(&known)
      progress[id] = known
    }
  }

  /// Where each shard is read on. A stream that came up since the mapping began has nothing but new records.
  private func positions(of id: String, in stream: EventStream) -> [Int] {
    progress.withLock { progress in
      var known = progress[id] ?? MappingProgress()
      if let checkpoint = known.checkpoint, checkpoint.stream === stream { return checkpoint.positions }
      let positions = Array(repeating: 0, count: stream.shardCount)
      known.checkpoint = .init(stream: stream, positions: positions)
      progress[id] = known
      return positions
    }
  }
}
