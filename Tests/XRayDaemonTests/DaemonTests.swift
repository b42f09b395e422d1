import Testing
import XRayModel

@testable import XRayDaemon

@Suite struct `The daemon` {
  @Test func `passes on exactly the documents of good datagrams, in their order`() async throws {
    let sink = RecordingSink()
    let daemon = try Daemon(configuration: .test(), sink: sink)
    let cases = DatagramCase.all
    try await daemon.whileRunning {
      let sender = DatagramSender(to: daemon.address)
      for (index, example) in cases.enumerated() {
        sender.send(example.datagram)
        #expect(await daemon.received(index + 1))
      }
      try await daemon.flush()
    }
    #expect(sink.documents == cases.compactMap { try? $0.expected.get() })
    let reasons = cases.compactMap { example -> String? in
      if case .failure(let rejection) = example.expected { rejection.rawValue } else { nil }
    }
    let hop = daemon.hop("daemon")
    #expect(hop.rejected == Dictionary(reasons.map { ($0, 1) }, uniquingKeysWith: +))
    #expect(hop.received == cases.count && hop.held == 0)
    #expect(daemon.ledger.gaps.isEmpty)
  }

  @Test func `tells the free port that it took and the buffer that it was granted`() throws {
    let daemon = try Daemon(configuration: .test(), sink: RecordingSink())
    #expect(daemon.address.port != 0 && daemon.address.host == "127.0.0.1")
    #expect(daemon.receiveBuffer > 0)
  }

  @Test func `names the address that it cannot have`() throws {
    let daemon = try Daemon(configuration: .test(), sink: RecordingSink())
    let error = #expect(throws: DaemonError.self) {
      _ = try Daemon(configuration: .test { $0.address = daemon.address }, sink: RecordingSink())
    }
    #expect(error?.reason == .cannotBind && error?.address == daemon.address && error?.detail?.isEmpty == false)
    #expect(throws: DaemonError.self) {
      _ = try Daemon(configuration: .test { $0.address.host = "no such host" }, sink: RecordingSink())
    }
  }

  @Test func `keeps what comes between its making and its start`() async throws {
    let sink = RecordingSink()
    let daemon = try Daemon(configuration: .test(), sink: sink)
    DatagramSender(to: daemon.address).send(document: "early")
    try await daemon.whileRunning {}
    #expect(sink.texts == ["early"])
  }

  @Test func `delivers everything received before it is stopped`() async throws {
    let sink = RecordingSink()
    let daemon = try Daemon(configuration: .test(), sink: sink)
    try await daemon.whileRunning {
      let sender = DatagramSender(to: daemon.address)
      for number in 0..<120 { sender.send(document: "\(number)") }
    }
    #expect(sink.texts == (0..<120).map(String.init))
    #expect(sink.batches.allSatisfy { $0.count <= 50 })
    #expect(daemon.ledger.gaps.isEmpty)
  }

  @Test func `sends a lone document after the batch interval, by itself`() async throws {
    let (stream, arrival) = AsyncStream<Int>.makeStream()
    let sink = RecordingSink { _, batch in
      arrival.yield(batch.count)
      return Array(repeating: .stored, count: batch.count)
    }
    let daemon = try Daemon(configuration: .test { $0.batchInterval = .milliseconds(5) }, sink: sink)
    try await daemon.whileRunning {
      let sender = DatagramSender(to: daemon.address)
      var arrivals = stream.makeAsyncIterator()
      for _ in 0..<3 {
        sender.send(document: "lone")
        #expect(await arrivals.next() == 1)
      }
    }
  }

  @Test func `runs once`() async throws {
    let daemon = try Daemon(configuration: .test(), sink: RecordingSink())
    daemon.stop()
    try await daemon.run()
    await #expect(throws: DaemonError.self) { try await daemon.run() }
  }

  @Test func `gives a batch again to a sink that throws`() async throws {
    let sink = RecordingSink { call, batch in
      if call < 3 { throw SinkFailure() }
      return Array(repeating: .stored, count: batch.count)
    }
    let daemon = try Daemon(configuration: .test(), sink: sink)
    try await daemon.whileRunning {
      DatagramSender(to: daemon.address).send(document: "again")
      #expect(await daemon.received(1))
      try await daemon.flush()
    }
    #expect(sink.calls == 3 && sink.texts == ["again"])
    #expect(daemon.hop("sink").passedOn == 1 && daemon.hop("daemon").droppedTotal == 0)
  }

  @Test func `drops and counts a batch when the sink throws at every attempt`() async throws {
    let sink = RecordingSink { _, _ in throw SinkFailure() }
    let daemon = try Daemon(configuration: .test(), sink: sink)
    try await daemon.whileRunning {
      let sender = DatagramSender(to: daemon.address)
      for number in 0..<60 { sender.send(document: "\(number)") }
      #expect(await daemon.received(60))
      try await daemon.flush()
    }
    #expect(sink.calls == 6)
    #expect(daemon.hop("daemon").dropped == ["sink failed: SinkFailure": 60])
    #expect(daemon.ledger.gaps.isEmpty)
  }

  @Test func `counts the documents that the sink refuses by their code`() async throws {
    let daemon = try Daemon(configuration: .test(), sink: CollectingSink())
    try await daemon.whileRunning {
      let sender = DatagramSender(to: daemon.address)
      for document in ["{}", "[]", "no JSON"] { sender.send(document: document) }
    }
    #expect(daemon.hop("sink").rejectedTotal == 3 && daemon.hop("sink").rejected["ParseError", default: 0] >= 1)
    #expect(daemon.ledger.gaps.isEmpty)
  }

  @Test func `ends at the deadline although the sink hangs, and counts what it held`() async throws {
    let sink = RecordingSink { _, _ in
      try await Task.sleep(for: .seconds(3600))
      return []
    }
    let daemon = try Daemon(configuration: .test { $0.drainDeadline = .milliseconds(20) }, sink: sink)
    try await daemon.whileRunning {
      let sender = DatagramSender(to: daemon.address)
      for number in 0..<130 { sender.send(document: "\(number)") }
      #expect(await daemon.received(130))
    }
    #expect(daemon.hop("daemon").dropped == [DropReason.stopped: 130])
    #expect(daemon.ledger.gaps.isEmpty)
  }

  @Test func `ends when its task is cancelled, and counts what it held`() async throws {
    let sink = RecordingSink { _, _ in
      try await Task.sleep(for: .seconds(3600))
      return []
    }
    let daemon = try Daemon(configuration: .test(), sink: sink)
    let task = Task { try await daemon.run() }
    let sender = DatagramSender(to: daemon.address)
    for number in 0..<70 { sender.send(document: "\(number)") }
    #expect(await daemon.received(70))
    task.cancel()
    try await task.value
    #expect(daemon.hop("daemon").dropped == [DropReason.stopped: 70])
  }

  @Test func `answers a flush that its end overtakes`() async throws {
    let daemon = try Daemon(configuration: .test(), sink: RecordingSink())
    DatagramSender(to: daemon.address).send(document: "last")
    try await daemon.whileRunning { #expect(await daemon.received(1)) }
    try await daemon.flush()
  }

  @Test func `puts batches side by side when told to, and each once`() async throws {
    let sink = RecordingSink()
    let daemon = try Daemon(configuration: .test { $0.concurrency = 4 }, sink: sink)
    try await daemon.whileRunning {
      let sender = DatagramSender(to: daemon.address)
      for number in 0..<1000 {
        sender.send(document: "\(number)")
        if number % 100 == 99 { #expect(await daemon.received(number + 1)) }
      }
    }
    #expect(sink.texts.sorted() == (0..<1000).map(String.init).sorted())
  }
}
