import Testing
import XRayModel

@testable import XRayDaemon

@Suite struct `The document buffer` {
  private let start = ContinuousClock.now

  private func buffer(
    budget: Int = 1 << 20, documents: Int = 50, bytes: Int = 1 << 20
  ) -> DocumentBuffer {
    DocumentBuffer(
      limits: .init(budget: budget, batchDocuments: documents, batchBytes: bytes, interval: .seconds(1)))
  }

  @discardableResult
  private func append(_ count: Int, of size: Int = 10, to buffer: DocumentBuffer, at offset: Duration = .zero) -> Int {
    let document = [UInt8](repeating: 0x7B, count: size)
    return (0..<count).filter { _ in
      document.withUnsafeBufferPointer { buffer.append($0, at: start + offset) }
    }.count
  }

  @Test func `hands out at most 50 documents at a time, in their order`() async throws {
    let buffer = buffer()
    for number in 0..<120 {
      Array(String(number).utf8).withUnsafeBufferPointer { _ = buffer.append($0, at: start) }
    }
    buffer.close()
    var batches: [[String]] = []
    while let taken = await buffer.next() {
      batches.append((0..<taken.count).map { String(decoding: taken.batch[$0], as: UTF8.self) })
      buffer.settle(taken, .answered(Array(repeating: .stored, count: taken.count)))
    }
    #expect(batches.map(\.count) == [50, 50, 20])
    #expect(batches.flatMap { $0 } == (0..<120).map(String.init))
  }

  @Test func `hands out a batch that has enough bytes`() async {
    let buffer = buffer(bytes: 1000)
    append(3, of: 400, to: buffer)
    let taken = await buffer.next(at: start)
    #expect(taken?.count == 2)
  }

  @Test func `hands out a document larger than a batch by itself`() async {
    let buffer = buffer(bytes: 1000)
    append(1, of: 5000, to: buffer)
    append(1, of: 10, to: buffer)
    let taken = await buffer.next(at: start)
    #expect(taken?.batch.ends == [5000])
  }

  @Test func `keeps a lone document until its second is over`() async {
    let buffer = buffer()
    append(1, to: buffer)
    #expect(buffer.nextDue == nil)
    async let taken = buffer.next(at: start)
    while buffer.nextDue == nil { await Task.yield() }
    #expect(buffer.nextDue == start + .seconds(1))
    buffer.tick(at: start + .milliseconds(999))
    #expect(buffer.nextDue != nil)
    buffer.tick(at: start + .seconds(1))
    #expect(await taken?.count == 1)
    #expect(buffer.nextDue == nil)
  }

  @Test func `counts what is in flight against its budget`() async throws {
    let buffer = buffer(budget: 10 * (100 + DocumentBuffer.overhead), documents: 4)
    #expect(append(12, of: 100, to: buffer) == 10)
    let taken = try #require(await buffer.next(at: start))
    #expect(taken.count == 4)
    #expect(append(1, of: 100, to: buffer) == 0)
    buffer.settle(taken, .dropped(taken.count, reason: "test"))
    #expect(append(5, of: 100, to: buffer) == 4)
    #expect(buffer.counts.dropped == [DropReason.bufferFull: 4, "test": 4])
  }

  @Test func `charges empty-looking documents too`() {
    let buffer = buffer(budget: 64_000)
    #expect(append(10_000, of: 1, to: buffer) <= 2000)
    #expect(buffer.usedBytes <= 64_000)
  }

  @Test func `hands out what it has when it is full, long before the batch is`() async {
    let buffer = buffer(budget: 5 * (100 + DocumentBuffer.overhead))
    append(6, of: 100, to: buffer)
    let taken = await buffer.next(at: start)
    #expect(taken?.count == 5)
  }

  @Test func `flushes when the sink has answered for all before, not sooner`() async throws {
    let buffer = buffer()
    append(3, to: buffer)
    let finished = Door()
    let flush = Task {
      try await buffer.flush()
      finished.open()
    }
    let taken = try #require(await buffer.next(at: start))
    #expect(taken.count == 3)
    append(1, to: buffer)
    #expect(buffer.counts.held == 4)
    buffer.settle(taken, .answered([.stored, .stored, .stored]))
    await finished.pass()
    try await flush.value
    #expect(buffer.counts.stored == 3 && buffer.counts.held == 1)
  }

  @Test func `ends a flush whose task is cancelled`() async {
    let buffer = buffer()
    append(1, to: buffer)
    let flush = Task { try await buffer.flush() }
    flush.cancel()
    await #expect(throws: CancellationError.self) { try await flush.value }
  }

  @Test func `counts documents that the sink did not answer for`() async throws {
    let buffer = buffer(documents: 3)
    append(3, to: buffer)
    let taken = try #require(await buffer.next(at: start))
    buffer.settle(taken, .answered([.stored, .unprocessed(SegmentRejection(.invalidId))]))
    let counts = buffer.counts
    #expect(counts.stored == 1 && counts.refused == ["InvalidId": 1])
    #expect(counts.dropped == [DropReason.unanswered: 1] && counts.held == 0)
    #expect(Ledger(counts.hops).gaps.isEmpty)
  }

  @Test func `stays within its budget and loses nothing silently, whatever happens`() async throws {
    let random = RandomSource(seed: 7)
    let budget = 50_000
    let buffer = buffer(budget: budget, documents: 8, bytes: 9000)
    var inFlight: [DocumentBuffer.Taken] = []
    var now = Duration.zero
    for _ in 0..<20_000 {
      switch random.next() % 8 {
      case 0..<6: append(1, of: Int(random.next() % 3000) + 1, to: buffer, at: now)
      case 6:
        now += .milliseconds(Int(random.next() % 1500))
        buffer.tick(at: start + now)
        // Only when a batch is ready for certain, for nobody else would hand it over.
        if buffer.counts.held - inFlight.reduce(0, { $0 + $1.count }) >= 8 {
          inFlight.append(try #require(await buffer.next(at: start + now)))
        }
      default:
        guard !inFlight.isEmpty else { continue }
        let taken = inFlight.remove(at: Int(random.next() % UInt64(inFlight.count)))
        buffer.settle(taken, .answered(Array(repeating: .stored, count: taken.count)))
      }
      #expect(buffer.usedBytes <= budget && buffer.usedBytes >= 0)
    }
    for taken in inFlight { buffer.settle(taken, .dropped(taken.count, reason: "test")) }
    #expect(buffer.abandon(keepingFor: false).isEmpty)
    let counts = buffer.counts
    #expect(buffer.usedBytes == 0 && counts.held == 0)
    #expect(counts.stored > 1000 && counts.dropped[DropReason.bufferFull, default: 0] > 100)
    #expect(Ledger(counts.hops).gaps.isEmpty)
  }
}
