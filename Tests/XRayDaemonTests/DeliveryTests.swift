import Foundation
import Synchronization
import Testing
import XRayModel

@testable import XRayDaemon

/// A sink that fails as it is told.
struct ScriptedFailure: SegmentSinkFailure {
  var kind = SegmentSinkFailureKind.connectionRefused
  var retryAfter: Duration?
}

@Suite struct `Delivery` {
  private static func stored(_ batch: DocumentBatch) -> [SegmentOutcome] {
    Array(repeating: .stored, count: batch.count)
  }

  /// Sends `count` documents and waits until they were received.
  private func send(_ count: Int, from first: Int = 0, to daemon: Daemon, total: Int? = nil) async {
    let sender = DatagramSender(to: daemon.address)
    for number in first..<first + count { sender.send(document: "\(number)") }
    #expect(await daemon.received(total ?? first + count))
  }

  @Test func `keeps what memory holds while the sink is away, and delivers it when it is back`() async throws {
    let isUp = Mutex(false)
    let sink = RecordingSink { _, batch in
      if !isUp.withLock({ $0 }) { throw ScriptedFailure() }
      return Self.stored(batch)
    }
    let daemon = try Daemon(configuration: .test { $0.attempts = 2 }, sink: sink)
    try await daemon.whileRunning {
      await send(120, to: daemon)
      while sink.calls < 10 { await Task.yield() }
      #expect(daemon.hop("daemon").held == 120 && daemon.hop("daemon").droppedTotal == 0)
      isUp.withLock { $0 = true }
      try await daemon.flush()
    }
    #expect(sink.texts == (0..<120).map(String.init))
    #expect(daemon.status[0].failures.connectionRefused == sink.calls - 3)
    #expect(daemon.ledger.gaps.isEmpty)
  }

  @Test(arguments: [400, 403, 404]) func `drops a batch that the sink finds fault with, after its attempts`(
    status: Int
  ) async throws {
    let sink = RecordingSink { _, _ in throw ScriptedFailure(kind: .status(status)) }
    let daemon = try Daemon(configuration: .test(), sink: sink)
    try await daemon.whileRunning {
      await send(3, to: daemon)
      try await daemon.flush()
    }
    #expect(sink.calls == 3 && daemon.hop("daemon").dropped == ["sink failed: ScriptedFailure": 3])
    #expect(daemon.status[0].failures.status4XX == 3)
  }

  @Test(arguments: [408, 429, 500, 503]) func `tries a batch again whose time may come`(status: Int) async throws {
    let sink = RecordingSink { call, batch in
      if call < 6 { throw ScriptedFailure(kind: .status(status)) }
      return Self.stored(batch)
    }
    let daemon = try Daemon(configuration: .test { $0.attempts = 2 }, sink: sink)
    try await daemon.whileRunning {
      await send(3, to: daemon)
      try await daemon.flush()
    }
    #expect(sink.calls == 6 && daemon.hop("sink").passedOn == 3)
  }

  @Test func `waits as long as the sink asks`() {
    let policy = RetryPolicy(attempts: 3, delay: .milliseconds(200), random: RandomSource(seed: 1))
    for attempt in 1...40 {
      let full = min(Duration.milliseconds(200) * (1 << min(attempt - 1, 10)), RetryPolicy.longestDelay)
      let wait = policy.wait(after: attempt)
      #expect(wait >= full / 2 && wait <= full)
      #expect(policy.wait(after: attempt, askedFor: .seconds(30)) == .seconds(30))
      #expect(policy.wait(after: attempt, askedFor: .seconds(3600)) == .seconds(60))
    }
  }

  @Test func `puts again only those documents of a batch that the sink put off`() async throws {
    let sink = RecordingSink { call, batch in
      (0..<batch.count).map { index in
        switch (call, batch[index].last) {
        case (1, UInt8(ascii: "1")), (1...2, UInt8(ascii: "2")): .deferred(code: "ThrottlingException", message: "")
        case (_, UInt8(ascii: "3")): .unprocessed(SegmentRejection(.invalidId))
        default: .stored
        }
      }
    }
    let daemon = try Daemon(configuration: .test(), sink: sink)
    try await daemon.whileRunning {
      await send(5, to: daemon)
      try await daemon.flush()
    }
    #expect(
      sink.batches.map { $0.map { String(decoding: $0, as: UTF8.self) } } == [
        ["0", "1", "2", "3", "4"], ["1", "2"], ["2"],
      ])
    #expect(daemon.hop("sink").passedOn == 4 && daemon.hop("sink").rejected == ["InvalidId": 1])
    #expect(daemon.ledger.gaps.isEmpty)
  }

  @Test func `counts documents that were put off for ever as refused, by their code`() async throws {
    let sink = RecordingSink { _, batch in
      Array(repeating: .deferred(code: "InternalFailure", message: "later"), count: batch.count)
    }
    let daemon = try Daemon(configuration: .test(), sink: sink)
    try await daemon.whileRunning {
      await send(2, to: daemon)
      try await daemon.flush()
    }
    #expect(sink.calls == 3 && daemon.hop("sink").rejected == ["InternalFailure": 2])
  }

  @Test func `spools what a dead sink does not take, and delivers it once it lives`() async throws {
    let folder = try TestFolder()
    let isUp = Mutex(false)
    let sink = RecordingSink { _, batch in
      if !isUp.withLock({ $0 }) { throw ScriptedFailure() }
      return Self.stored(batch)
    }
    let daemon = try Daemon(
      // Memory for some 30 of the documents only.
      configuration: .test {
        $0.bufferMemory = 30 * (1 + DocumentBuffer.overhead)
        $0.batchDocuments = 10
        $0.concurrency = 2
        $0.attempts = 1
      },
      destinations: [.init(name: "sink", sink: sink, spool: .init(directory: folder.path))])
    try await daemon.whileRunning {
      for round in 0..<20 {
        await send(10, from: round * 10, to: daemon)
        while daemon.status[0].bufferedBytes > 0 { await Task.yield() }
      }
      #expect(daemon.status[0].spooledDocuments == 200 && daemon.hop("daemon").held == 200)
      isUp.withLock { $0 = true }
      while daemon.status[0].spooledDocuments > 0 { try await Task.sleep(for: .milliseconds(5)) }
    }
    #expect(Set(sink.texts) == Set((0..<200).map(String.init)) && sink.texts.count == 200)
    #expect(daemon.hop("sink").passedOn == 200 && daemon.hop("daemon").held == 0)
    #expect(daemon.ledger.gaps.isEmpty)
  }

  @Test func `finds what an earlier daemon left in the spool`() async throws {
    let folder = try TestFolder()
    do {
      let dead = RecordingSink { _, _ in throw ScriptedFailure() }
      let first = try Daemon(
        configuration: .test { $0.drainDeadline = .milliseconds(20) },
        destinations: [.init(name: "sink", sink: dead, spool: .init(directory: folder.path))])
      try await first.whileRunning { await send(130, to: first) }
      #expect(first.hop("daemon").held == 130 && first.hop("daemon").droppedTotal == 0)
    }
    let sink = RecordingSink()
    let second = try Daemon(
      configuration: .test(), destinations: [.init(name: "sink", sink: sink, spool: .init(directory: folder.path))])
    #expect(second.hop("daemon").received == 130)
    try await second.whileRunning {
      while second.status[0].spooledDocuments > 0 { try await Task.sleep(for: .milliseconds(5)) }
    }
    #expect(Set(sink.texts) == Set((0..<130).map(String.init)) && sink.texts.count == 130)
    #expect(second.ledger.gaps.isEmpty)
  }

  @Test func `goes on in memory when the spool is full, unusable or read-only`() async throws {
    let folder = try TestFolder()
    let tiny = SpoolConfiguration(directory: folder.path, limit: 10)
    for spool in [tiny, SpoolConfiguration(directory: "/proc/no/such")] {
      let isUp = Mutex(false)
      let sink = RecordingSink { _, batch in
        if !isUp.withLock({ $0 }) { throw ScriptedFailure() }
        return Self.stored(batch)
      }
      let daemon = try Daemon(
        configuration: .test { $0.attempts = 1 }, destinations: [.init(name: "sink", sink: sink, spool: spool)])
      try await daemon.whileRunning {
        await send(60, to: daemon)
        while sink.calls < 5 { await Task.yield() }
        #expect(daemon.hop("daemon").held == 60)
        isUp.withLock { $0 = true }
        try await daemon.flush()
      }
      #expect(sink.texts == (0..<60).map(String.init))
      #expect(daemon.ledger.gaps.isEmpty)
    }
  }

  @Test func `gives each of several sinks everything, at its own pace`() async throws {
    let door = Door()
    let slow = RecordingSink { _, batch in
      await door.pass()
      return Self.stored(batch)
    }
    let fast = RecordingSink()
    let daemon = try Daemon(
      configuration: .test(), destinations: [.init(name: "slow", sink: slow), .init(name: "fast", sink: fast)])
    try await daemon.whileRunning {
      await send(100, to: daemon)
      while fast.texts.count < 100 { await Task.yield() }
      #expect(daemon.status[0].ledger.hops[1].held == 100 && daemon.status[1].ledger.hops[1].held == 0)
      door.open()
    }
    #expect(slow.texts == fast.texts && slow.texts.count == 100)
    #expect(daemon.status.map(\.name) == ["slow", "fast"] && daemon.status.allSatisfy { $0.ledger.gaps.isEmpty })
  }
}
