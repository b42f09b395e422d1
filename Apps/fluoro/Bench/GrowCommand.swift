import ArgumentParser
import Glibc
import SQLiteStore
import XRayModel

/// Fills a store in a process of its own, so that its memory is that of the store and of nothing else.
struct GrowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grow", abstract: "Fill a store with made-up documents and tell what it took.", shouldDisplay: false)

  @Argument var directory: String
  @Option var documents: Int
  @Option var seed: UInt64
  @Flag var randomIds = false

  private static let batch = 500
  /// Documents at the end whose cost is told.
  private static let interval = 100_000
  /// Trace ids that are told, for lookups.
  private static let sampleSize = 2000

  func run() async throws {
    let memory = MemoryPeak()
    let store = try SQLiteTraceStore(directory: directory)
    var source = DocumentSource(seed: seed, hasRandomIDs: randomIds, sampleSize: Self.sampleSize)
    // The first blocks are packed while later documents come.
    let start = max(documents / 10, documents - Self.interval) / Self.batch * Self.batch
    var watch = Stopwatch()
    for first in stride(from: 0, to: documents, by: Self.batch) {
      if first == start {
        watch = Stopwatch()
        source.seconds = 0
      }
      let batch = try source.next(min(Self.batch, documents - first))
      guard try await store.put(batch).allSatisfy({ $0 == .stored }) else {
        throw Failure.failed("a document was refused")
      }
    }
    let cost = watch.cost.processorSeconds - source.seconds
    let traces = try await store.statistics().traces
    try await store.close()

    var writer = JSONWriter()
    writer.object { writer in
      writer.member("documents", documents)
      writer.member("traces", traces)
      writer.member("cpu_us_per_document", cost * 1e6 / Double(max(1, documents - start)))
      if let bytes = memory?.bytes { writer.member("peak_bytes", bytes) }
      writer.member("file_bytes", TemporaryFolder.bytes(in: directory))
      writer.key("ids")
      writer.array { writer in for id in source.sample { writer.string("\(id)") } }
    }
    try Output().writeLine(writer.text)
  }
}

/// Made-up documents, never more than a few of them in memory.
struct DocumentSource {
  /// Of the processor, for making them up.
  var seconds = 0.0
  /// Traces, each as likely as any other.
  private(set) var sample: [TraceID] = []
  private var traffic: SyntheticTraffic
  private let sampleSize: Int
  private var seen = 0
  private let random = RandomSource(seed: 99)

  init(seed: UInt64, hasRandomIDs: Bool, sampleSize: Int) {
    traffic = SyntheticTraffic(random: RandomSource(seed: seed))
    traffic.hasRandomIDs = hasRandomIDs
    self.sampleSize = sampleSize
  }

  mutating func next(_ count: Int) throws -> DocumentBatch {
    let start = Self.threadSeconds
    defer { seconds += Self.threadSeconds - start }
    var batch = DocumentBatch()
    while batch.count < count { batch.append(traffic.next()[...]) }
    try note(SegmentIndex(scanning: batch[0].span).traceID)
    return batch
  }

  /// Keeps a fair sample of the first traces of batches.
  private mutating func note(_ id: TraceID) {
    seen += 1
    if sample.count < sampleSize {
      sample.append(id)
    } else if case let place = Int(random.next() % UInt64(seen)), place < sampleSize {
      sample[place] = id
    }
  }

  private static var threadSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
