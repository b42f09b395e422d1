import Dispatch
import Testing
import XRayModel

@testable import XRayDaemon

@Suite struct `Under overload the daemon` {
  @Test func `drops the newest, keeps to its budget and accounts for every datagram`() async throws {
    let door = Door()
    let sink = RecordingSink { _, batch in
      await door.pass()
      return Array(repeating: .stored, count: batch.count)
    }
    let memory = 100_000
    let daemon = try Daemon(configuration: .test { $0.bufferMemory = memory }, sink: sink)
    let (sent, size) = (400, 1000)
    try await daemon.whileRunning {
      let sender = DatagramSender(to: daemon.address)
      for number in 0..<sent {
        sender.send(document: "\(number) " + String(repeating: "x", count: size - 4))
        if number % 50 == 49 { #expect(await daemon.received(number + 1)) }
      }
      let hop = daemon.hop("daemon")
      #expect(hop.received == sent && hop.held * size <= memory && hop.held >= 80)
      #expect(hop.dropped == [DropReason.bufferFull: sent - hop.held])
      #expect(daemon.ledger.gaps.isEmpty)
      door.open()
    }
    let (hop, stored) = (daemon.hop("daemon"), daemon.hop("sink").passedOn)
    #expect(sent == stored + hop.droppedTotal)
    #expect(sink.texts.map { $0.prefix { $0 != " " } } == (0..<stored).map { Substring(String($0)) })
    #expect(daemon.ledger.gaps.isEmpty)
  }

  @Test func `knows how many datagrams the kernel dropped`() async throws {
    let daemon = try Daemon(configuration: .test { $0.receiveBuffer = 8192 }, sink: RecordingSink())
    let sender = DatagramSender(to: daemon.address)
    for _ in 0..<500 { sender.send(document: String(repeating: "x", count: 1000)) }
    let dropped = daemon.hop("kernel").droppedTotal
    #expect(dropped > 400)
    try await daemon.whileRunning {}
    let kernel = daemon.hop("kernel")
    #expect(kernel.received == 500 && kernel.droppedTotal == dropped)
    #expect(daemon.hop("sink").passedOn == 500 - dropped)
    #expect(daemon.ledger.gaps.isEmpty)
  }

  @Test func `takes a burst of 2,000 documents, as far as the kernel has room`() async throws {
    let sink = RecordingSink()
    let daemon = try Daemon(configuration: .test(), sink: sink)
    let document = String(repeating: "x", count: 1200)
    try await daemon.whileRunning {
      let sender = DatagramSender(to: daemon.address)
      for _ in 0..<2000 { sender.send(document: document) }
    }
    let lostByKernel = daemon.hop("kernel").droppedTotal
    #expect(sink.documents.count + lostByKernel == 2000)
    if daemon.receiveBuffer >= 4 << 20 { #expect(lostByKernel == 0) }
  }

  @Test func `counts thousands of mangled datagrams one by one`() async throws {
    let sink = RecordingSink()
    let daemon = try Daemon(configuration: .test(), sink: sink)
    let random = RandomSource(seed: 41)
    let seeds = DatagramCase.all.map(\.datagram)
    try await daemon.whileRunning {
      let sender = DatagramSender(to: daemon.address)
      for number in 1...3000 {
        let datagram = mutated(seeds[Int(random.next() % UInt64(seeds.count))], random)
        sender.send(Array(datagram.prefix(65_507)))
        if number % 50 == 0 { #expect(await daemon.received(number)) }
      }
    }
    let hop = daemon.hop("daemon")
    #expect(hop.received == 3000 && hop.held == 0 && hop.rejectedTotal > 100)
    #expect(sink.documents.count == hop.passedOn && hop.passedOn > 100)
    #expect(daemon.ledger.gaps.isEmpty)
  }

  @Test func `takes 60,000 mangled datagrams in process, each counted`() async throws {
    let random = RandomSource(seed: 5)
    let seeds = DatagramCase.all.map(\.datagram).filter { $0.count < 2000 }
    let buffer = DocumentBuffer(
      limits: .init(budget: 200_000, batchDocuments: 50, batchBytes: 20_000, interval: .seconds(1)))
    for _ in 0..<60_000 {
      let datagram = mutated(seeds[Int(random.next() % UInt64(seeds.count))], random)
      datagram.withUnsafeBufferPointer { bytes in
        do throws(DatagramRejection) {
          let offset = try DatagramHeader.documentOffset(in: bytes.span)
          buffer.append(UnsafeBufferPointer(rebasing: bytes[offset...]), at: .now)
        } catch {
          buffer.reject(error.rawValue)
        }
      }
      if buffer.counts.held >= 500, let taken = await buffer.next() {
        buffer.settle(taken, .answered(Array(repeating: .stored, count: taken.count)))
      }
    }
    let hop = buffer.counts.hops[0]
    #expect(hop.received == 60_000 && hop.isBalanced && hop.passedOn > 1000 && hop.rejectedTotal > 1000)
    #expect(Set(hop.rejected.keys) == Set(DatagramRejection.allCases.map(\.rawValue)))
  }

  @Test func `makes a waiting thread wait no longer than told`() async throws {
    let daemon = try Daemon(configuration: .test(), sink: RecordingSink())
    try await daemon.whileRunning {
      let isReached = await withCheckedContinuation { continuation in
        DispatchQueue(label: "test").async {
          continuation.resume(returning: daemon.drain(received: 1, timeout: .milliseconds(1)))
        }
      }
      #expect(!isReached)
      #expect(daemon.drain(received: 0, timeout: .zero))
    }
    // Ended: nobody is kept waiting for what cannot come.
    #expect(!daemon.drain(received: 1, timeout: .seconds(3600)))
  }
}
