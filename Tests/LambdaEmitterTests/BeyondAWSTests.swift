import EventSources
import LambdaEmitter
import Testing
import XRayModel

/// A document as an SDK would send it for the header.
private func document(
  _ name: String, header: String?, id: EntityID = EntityID(rawValue: 7), at clock: any WallClock,
  _ change: (inout Entity) -> Void = { _ in }
) throws -> [UInt8] {
  let header = try TraceHeader(parsing: header ?? "")
  var entity = Entity(
    .subsegment, id: id, name: name, traceID: header.root, parentID: header.parent, start: clock.now, end: clock.now)
  change(&entity)
  return entity.document
}

@Suite struct `Beyond AWS` {
  @Test func `options are known by their names`() {
    #expect(BeyondAWS(names: ["initialization", "fan-in"]) == [.initialization, .fanIn])
    #expect(
      BeyondAWS(names: BeyondAWS.names.map(\.name)) == [.initialization, .annotations, .senders, .fanIn, .timeouts])
    #expect(BeyondAWS(names: ["initialization", "more"]) == nil)
    #expect(BeyondAWS(names: [String]()) == [])
  }

  @Test(arguments: [true, false]) func `initialization has a tracing header`(isAsked: Bool) async throws {
    let headers = Notes<String?>()
    let recorder = try await Fixture.run(beyondAWS: isAsked ? .initialization : []) { fixture in
      var configuration = FunctionConfiguration(name: "worker", role: roleARN)
      configuration.tracingMode = .passThrough
      try fixture.service.createFunction(configuration) { context in
        let header = context.environment[TraceHeader.environmentName]
        headers.add(header)
        if header != nil { context.emit(try document("load", header: header, at: context.clock)) }
        try await context.clock.sleep(for: .milliseconds(100))
      } handler: { event, _ in
        event.bytes
      }
      for header in [Self.upstream, "\(Self.root);Sampled=0"] {
        _ = try await fixture.service.invoke("worker", traceHeader: header)
        _ = try fixture.service.updateFunctionConfiguration("worker") { $0.timeoutSeconds += 1 }
      }
    }
    #expect(recorder.functions.count == 1)
    let initialization = try #require(recorder.functions.first?.part("Initialization"))
    #expect(headers.all.count == 2 && headers.all[1] == nil)
    #expect(headers.all[0] == (isAsked ? "\(Self.root);Parent=\(initialization.id);Sampled=1" : nil))
    #expect(recorder.named("load").compactMap(\.parentID) == (isAsked ? [initialization.id] : []))
  }

  static let root = "Root=1-5759e988-bd862e3fe1be46a994272793"
  static let upstream = root + ";Parent=53995c3f42cd8ad8;Sampled=1"

  @Test func `annotations below Invocation are the function's as well, the first of each key, at most 50`() async throws
  {
    let recorder = try await Fixture.run(beyondAWS: .annotations) { fixture in
      try fixture.function { event, context in
        func send(_ change: (inout Entity) -> Void) throws {
          context.emitter.emit(
            try document(
              "part", header: context.traceHeader, id: fixture.random.entityID(), at: context.clock, change))
        }
        try send { $0.annotate("order", 1) }
        try send { $0.annotate("order", 2) }
        try send {
          $0.annotate("open", true); $0.end = nil
        }
        try send {
          $0.annotate("deep", true); $0.parentID = EntityID(rawValue: 9)
        }
        try send { $0.annotate("long", .string(String(repeating: "x", count: 5000))) }
        try send { entity in for key in 0..<60 { entity.annotate("key\(key)", "x") } }
        return event.bytes
      }
      _ = try await fixture.service.invoke("worker")
      _ = try await fixture.service.invoke("worker")
    }
    for function in recorder.functions {
      #expect(function.annotations.count == 50)
      #expect(function.annotation("order") == 1)
      #expect(function.annotation("key0") == "x" && function.annotation("key48") == "x")
      #expect(["open", "deep", "long", "key49"].allSatisfy { function.annotation($0) == nil })
    }
  }

  /// A queue with messages of these senders, drained into `worker`.
  private func drained(_ options: BeyondAWS, _ senders: [String?]) async throws -> Recorder {
    try await Fixture.run(beyondAWS: options) { fixture in
      try fixture.function()
      for sender in senders {
        fixture.service.queue("arn:queue").send(Array("1".utf8), at: fixture.clock.now, traceHeader: sender)
      }
      try await fixture.clock.sleep(for: .seconds(3))
      #expect(try await fixture.service.drain(QueueSource(queue: "arn:queue"), into: "worker") == senders.count)
    }
  }

  @Test func `senders keep their trace when it is one`() async throws {
    let second = Self.root + ";Parent=63995c3f42cd8ad8;Sampled=1"
    let recorder = try await drained([.senders, .fanIn], [Self.upstream, second])
    let service = try #require(recorder.services.first)
    #expect(service.traceID == TraceID("1-5759e988-bd862e3fe1be46a994272793"))
    #expect(service.parentID == EntityID("53995c3f42cd8ad8"))
    #expect(recorder.functions.allSatisfy { $0.part("Invocation")?.links == [] })
    #expect(recorder.documents.count == 2)
    #expect(try await drained(.senders, [Self.root + ";Sampled=0"]).documents.isEmpty)
  }

  @Test(arguments: [
    [upstream, nil], [nil], ["nothing"], [upstream, "Root=1-5759e988-000000000000000000000000;Sampled=1"],
    [upstream, root + ";Sampled=0"],
  ])
  func `batches of several traces begin a new one`(senders: [String?]) async throws {
    let recorder = try await drained(.senders, senders)
    #expect(recorder.services.first?.traceID != TraceID("1-5759e988-bd862e3fe1be46a994272793"))
    #expect(recorder.services.first?.parentID == nil)
    let isLinked = senders.contains(Self.upstream)
    #expect(recorder.functions.first?.part("Invocation")?.links.isEmpty == !isLinked)
  }

  @Test func `the senders' traces have a link to the consumer's`() async throws {
    let unsampled = "Root=1-5759e988-000000000000000000000000;Parent=63995c3f42cd8ad8;Sampled=0"
    let recorder = try await drained(.fanIn, [Self.upstream, Self.upstream, unsampled, nil])
    let service = try #require(recorder.services.first)
    let deliveries = recorder.entities.filter { $0.kind == .subsegment }
    try #require(deliveries.count == 1)
    let delivery = deliveries[0]
    #expect(delivery.traceID == TraceID("1-5759e988-bd862e3fe1be46a994272793"))
    #expect(delivery.parentID == EntityID("53995c3f42cd8ad8"))
    #expect(delivery.start == delivery.end && service.start.since(delivery.start) >= 3)
    let link = try #require(delivery.links.first)
    #expect(link.traceID == service.traceID && link.id == service.id)
    #expect(link.attributes["aws.xray.reserved.reference_type"] == "child")
    #expect(link.attributes["aws.xray.reserved.received_event_end_time"]?.timestamp == service.start)
    #expect(try await drained([], [Self.upstream]).documents.count == 2)
  }

  @Test(arguments: [true, false]) func `timeouts end what is in progress`(isAsked: Bool) async throws {
    let recorder = try await Fixture.run(beyondAWS: isAsked ? .timeouts : []) { fixture in
      try fixture.function {
        $0.timeoutSeconds = 2
      } handler: { event, context in
        func send(_ id: UInt64, isOpen: Bool) throws {
          context.emitter.emit(
            try document("part", header: context.traceHeader, id: EntityID(rawValue: id), at: context.clock) { entity in
              guard isOpen else { return }
              entity.end = nil
              entity.subsegments = [
                Entity(.subsegment, id: EntityID(rawValue: 9), name: "inner", start: context.clock.now)
              ]
            })
        }
        try send(1, isOpen: true)
        try send(2, isOpen: true)
        try send(2, isOpen: false)
        if event.bytes == Array("1".utf8) { try await context.clock.sleep(for: .seconds(60)) }
        return event.bytes
      }
      _ = try await fixture.service.invoke("worker", payload: Array("0".utf8))
      #expect(fixture.service.ledger.received == 5)
      _ = try await fixture.service.invoke("worker", payload: Array("1".utf8))
    }
    let function = try #require(recorder.functions.last)
    let parts = recorder.named("part").filter { $0.id == EntityID(rawValue: 1) && $0.traceID == function.traceID }
    #expect(parts.count == (isAsked ? 2 : 1))
    guard isAsked else { return }
    #expect(parts[1].end == function.end && parts[1].isFault)
    #expect(parts[1].subsegments.first?.end == function.end && parts[1].subsegments.first?.isFault == true)
    guard case .exceptions(let cause)? = parts[1].cause else {
      Issue.record("no cause")
      return
    }
    #expect(cause.exceptions.first?.message == "Task timed out after 2.00 seconds")
  }
}
