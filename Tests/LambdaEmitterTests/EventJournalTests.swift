import EventSources
import LambdaEmitter
import Synchronization
import Testing
import XRayModel
import XRaySampler

/// A journal of which nothing is told any more after so many words: the process is dead, and what its service goes on to
/// do nobody sees.
final class MortalJournal: EventJournal {
  private struct State {
    var wordsLeft: Int
    var events: [(id: String, json: [UInt8], progress: EventProgress)] = []
    var isTaken = false
    /// Whether death comes with the word after the last, or right after the last.
    var diesLate: Bool
    var isDead = false
  }

  private let state: Mutex<State>

  init(words: Int = .max, diesLate: Bool = false) { state = Mutex(State(wordsLeft: words, diesLate: diesLate)) }

  /// What the next process finds.
  func heir() -> MortalJournal {
    let heir = MortalJournal()
    heir.state.withLock { $0.events = events }
    return heir
  }

  private var events: [(id: String, json: [UInt8], progress: EventProgress)] { state.withLock { $0.events } }
  var isDead: Bool { state.withLock { $0.isDead } }
  var isEmpty: Bool { events.isEmpty }
  var progress: [EventProgress] { events.map(\.progress) }

  func takePending() -> [AcceptedEvent] {
    state.withLock { state in
      defer { state.isTaken = true }
      guard !state.isTaken else { return [] }
      return state.events.compactMap { event in
        var accepted = (try? JSONValue(parsing: event.json.span)).flatMap(AcceptedEvent.init(json:))
        accepted?.progress = event.progress
        return accepted
      }
    }
  }

  func accept(_ event: AcceptedEvent) async throws(LambdaError) {
    var writer = JSONWriter()
    event.write(to: &writer)
    let json = writer.bytes
    let isTold = tell { $0.events.append((event.requestID, json, event.progress)) }
    guard isTold else { throw LambdaError(.service, "dead") }
  }

  func note(_ progress: EventProgress, of requestID: String) {
    var writer = JSONWriter()
    progress.write(to: &writer)
    let read = (try? JSONValue(parsing: writer.bytes.span)).flatMap(EventProgress.init(json:))
    #expect(read == progress)
    _ = tell { state in
      guard let index = state.events.firstIndex(where: { $0.id == requestID }) else { return }
      state.events[index].progress = progress
    }
  }

  func finish(_ requestID: String) { _ = tell { $0.events.removeAll { $0.id == requestID } } }

  private func tell(_ word: (inout State) -> Void) -> Bool {
    state.withLock { state in
      guard state.wordsLeft > 0 else {
        state.isDead = true
        return false
      }
      state.wordsLeft -= 1
      state.isDead = !state.diesLate && state.wordsLeft == 0
      word(&state)
      return true
    }
  }
}

/// One life of a service with a journal: the function `worker` is there before its first event.
private struct Life: Sendable {
  let service: LambdaService
  let clock: VirtualClock
  let recorder: Recorder

  static let deadQueue = "arn:aws:sqs:us-east-1:123456789012:dead"

  /// - Parameter handler: Not called for what the service does after its death.
  static func run(
    _ journal: MortalJournal, from start: Timestamp = startOfTime, seed: UInt64 = 1, withFunction: Bool = true,
    handler: @escaping ClosureRuntime.Handler, _ body: @escaping @Sendable (Life) async throws -> Void = { _ in }
  ) async throws -> Life {
    try await Simulation.run(from: start) { clock in
      let recorder = Recorder()
      let service = LambdaService(
        clock: clock, random: RandomSource(seed: seed), sampler: FixedSampler.always, emitter: recorder,
        journal: journal)
      service.putRole(try ExecutionRole(arn: roleARN, managedPolicies: ["AWSXRayDaemonWriteAccess"]))
      let life = Life(service: service, clock: clock, recorder: recorder)
      if withFunction {
        var configuration = FunctionConfiguration(name: "worker", role: roleARN)
        configuration.tracingMode = .active
        configuration.timeoutSeconds = 900
        configuration.deadLetterTarget = deadQueue
        try service.createFunction(configuration) { event, context in
          try await context.clock.sleep(for: .seconds(1))
          guard !journal.isDead else { throw Broken() }
          return try await handler(event, context)
        }
      }
      try await service.serving { _ in
        try await body(life)
        await service.settle()
      }
      return life
    }
  }

  func send() async -> InvocationResult? {
    try? await service.invoke("worker", payload: Array(#"{"text": "ä\n\"", "n": 1.0}"#.utf8), type: .event)
  }

  var deadLetters: [QueueMessage] { service.queue(Self.deadQueue).messages }
}

@Suite struct `An accepted event` {
  /// The life of an event that always fails: accepted, begun and failed three times, the last time for good.
  @Test(arguments: 0...7, [false, true])
  func `that fails is never lost, and tried once more at most, whenever the process ends`(
    words: Int, diesLate: Bool
  ) async throws {
    let attempts = Notes<String>()
    let journal = MortalJournal(words: words, diesLate: diesLate)
    let accepted = Notes<InvocationResult>()
    let first = try await Life.run(journal) { event, _ in
      attempts.add(event.requestID)
      throw Broken()
    } _: { life in
      if let result = await life.send() { accepted.add(result) }
    }
    #expect(accepted.all.count == (words > 0 ? 1 : 0))
    let heir = journal.heir()
    let second = try await Life.run(heir, from: first.clock.now.advanced(by: .seconds(5)), seed: 2) { event, _ in
      attempts.add(event.requestID)
      throw Broken()
    }
    #expect(heir.isEmpty)
    guard let result = accepted.all.first else {
      #expect(attempts.all.isEmpty && second.deadLetters.isEmpty)
      return
    }
    // The journal's even words are of attempts that began: those count, and are made up for.
    let extra = words % 2 == 0 ? 1 : 0
    #expect(attempts.all.count == 3 + (diesLate ? extra : 0))
    #expect(Set(attempts.all) == [result.requestID])
    // Whether the letter of a service that is dead arrived nobody knows; the next one sends it again.
    if words < 7 {
      #expect(second.deadLetters.map(\.body) == [Array(#"{"text": "ä\n\"", "n": 1.0}"#.utf8)])
      #expect(second.deadLetters.first?.attributes["RequestID"]?.text == result.requestID)
      // Both lives tell of one trace, and each attempt has its number.
      #expect(Set(second.recorder.entities.map(\.traceID)) == [result.traceHeader.root])
      let numbers = second.recorder.entities.compactMap(\.name).filter { $0.hasPrefix("Attempt") }
      #expect(numbers.last == "Attempt #\(3 + extra)")
      let service = first.recorder.services.first
      #expect(second.recorder.entities.filter { $0.kind == .subsegment }.allSatisfy { $0.parentID == service?.id })
      #expect(second.recorder.named("Dwell Time").count == (words < 3 ? 1 : 0))
    } else {
      #expect(first.deadLetters.count == 1 && second.deadLetters.isEmpty)
    }
  }

  @Test(arguments: 1...3, [false, true])
  func `that succeeds does so once, or once more when that is not known`(words: Int, diesLate: Bool) async throws {
    let attempts = Notes<String>()
    let journal = MortalJournal(words: words, diesLate: diesLate)
    let handler: ClosureRuntime.Handler = { event, _ in
      attempts.add(event.requestID)
      return event.bytes
    }
    let first = try await Life.run(journal, handler: handler) { _ = await $0.send() }
    let heir = journal.heir()
    let second = try await Life.run(heir, from: first.clock.now, seed: 2, handler: handler)
    #expect(heir.isEmpty && second.deadLetters.isEmpty)
    #expect(attempts.all.count == (words == 2 && diesLate ? 2 : 1))
  }

  @Test func `waits for its next attempt over a restart`() async throws {
    let journal = MortalJournal(words: 3)
    let starts = Notes<Timestamp>()
    let handler: ClosureRuntime.Handler = { _, context in
      starts.add(context.clock.now)
      throw Broken()
    }
    _ = try await Life.run(journal, handler: handler) { _ = await $0.send() }
    let progress = try #require(journal.progress.first)
    #expect(progress.attempts == 1 && progress.failures == 1 && progress.begun == nil)
    let next = try #require(progress.next)
    // The service is back before that, or long after.
    for start in [next.advanced(by: .seconds(-20)), next.advanced(by: .seconds(500))] {
      let seen = starts.all.count
      let second = try await Life.run(journal.heir(), from: start, seed: 2, handler: handler)
      #expect(starts.all.count == seen + 2)
      let begun = try #require(second.recorder.named("Attempt #2").first).start
      #expect(begun >= max(start, next) && begun.since(max(start, next)) < 1)
      #expect(second.recorder.named("Attempt #1").isEmpty)
    }
  }

  @Test func `of which the attempt was cut off shows that attempt, as long as the function may run`() async throws {
    let journal = MortalJournal(words: 2)
    _ = try await Life.run(journal) { _, _ in
      throw Broken()
    } _: {
      _ = await $0.send()
    }
    let begun = try #require(journal.progress.first?.begun)
    let second = try await Life.run(journal.heir(), from: begun.advanced(by: .seconds(3000)), seed: 2) { event, _ in
      event.bytes
    }
    let cut = try #require(second.recorder.named("Attempt #1").first)
    #expect(cut.isFault && cut.http?.response?.status == 500)
    #expect(cut.start.since(begun) == 0 || begun.since(cut.start) < 0.001)
    #expect(cut.end?.since(cut.start) == 900)
    #expect(second.recorder.named("Attempt #2").map(\.isFault) == [false])
  }

  @Test func `that is too old, or whose function is gone, is given up`() async throws {
    let journal = MortalJournal(words: 1)
    let first = try await Life.run(journal) { event, _ in
      event.bytes
    } _: {
      _ = await $0.send()
    }
    for (age, withFunction, code) in [(21_601, true, "500"), (10, false, "404")] {
      let heir = journal.heir()
      let start = first.clock.now.advanced(by: .seconds(age))
      let second = try await Life.run(heir, from: start, seed: 2, withFunction: withFunction) { event, _ in event.bytes
      }
      #expect(heir.isEmpty && second.recorder.functions.isEmpty)
      #expect(second.deadLetters.first?.attributes["ErrorCode"]?.text == code)
      #expect(second.recorder.named("Dwell Time").count == 1)
    }
  }

  @Test func `stays in the journal when the service is stopped, and is no dead letter`() async throws {
    struct Stop: Error {}
    let journal = MortalJournal()
    let services = Notes<LambdaService>()
    await #expect(throws: Stop.self) {
      _ = try await Life.run(journal) { _, _ in
        throw Broken()
      } _: { life in
        services.add(life.service)
        _ = await life.send()
        try await life.clock.sleep(for: .seconds(30))
        // One that has just been accepted, beside the one that waits for its second attempt.
        _ = await life.send()
        throw Stop()
      }
    }
    #expect(services.all.first?.queue(Life.deadQueue).messages.isEmpty == true)
    #expect(journal.progress.map(\.attempts) == [1, 0])
    let second = try await Life.run(journal.heir(), from: startOfTime.advanced(by: .seconds(40)), seed: 2) { event, _ in
      event.bytes
    }
    #expect(second.recorder.named("Attempt #1").count == 1)
    #expect(second.recorder.named("Attempt #2").count == 1)
  }

  @Test func `that could not be kept is refused`() async throws {
    let journal = MortalJournal(words: 0)
    let life = try await Life.run(journal) { event, _ in
      event.bytes
    } _: { life in
      let error = await refusal { _ = try await life.service.invoke("worker", type: .event) }
      #expect(error?.code == .service)
    }
    #expect(life.recorder.functions.isEmpty)
    #expect(life.recorder.services.map(\.http?.response?.status) == [500])
  }
}

@Suite struct `Settings for events` {
  @Test func `belong to the qualifier that was invoked`() async throws {
    try await Fixture.run { fixture in
      func version(_ version: String) -> FunctionDefinition.Version {
        FunctionDefinition.Version(
          version: version, configuration: FunctionConfiguration(name: "many", role: roleARN), identity: version,
          runtime: { ClosureRuntime { event, _ in event.bytes } })
      }
      func settings(_ target: String) -> EventInvokeConfiguration {
        var settings = EventInvokeConfiguration()
        settings.onSuccess = target
        return settings
      }
      fixture.service.putFunction(
        FunctionDefinition(
          latest: version("$LATEST"), published: [version("1")], aliases: [FunctionAlias(name: "live", version: "1")],
          eventInvoke: ["$LATEST": settings("arn:latest"), "live": settings("arn:live")]))
      for name in ["many", "many:$LATEST", "many:1", "many:live"] {
        _ = try await fixture.service.invoke(name, type: .event)
      }
      await fixture.service.settle()
      #expect(fixture.service.queue("arn:latest").messages.count == 2)
      #expect(fixture.service.queue("arn:live").messages.count == 1)
      try fixture.service.putEventInvokeConfiguration(settings("arn:one"), for: "many:1")
      _ = try await fixture.service.invoke("many:1", type: .event)
      await fixture.service.settle()
      #expect(fixture.service.queue("arn:one").messages.count == 1)
    }
  }
}

@Suite struct `An invocation's surroundings` {
  @Test func `have the caller's context when it waits for the answer`() async throws {
    try await Fixture.run { fixture in
      let seen = Notes<[UInt8]?>()
      try fixture.function { event, context in
        seen.add(context.clientContext)
        return event.bytes
      }
      let client = Array(#"{"custom":{"a":"b"}}"#.utf8)
      _ = try await fixture.service.invoke("worker", clientContext: client)
      _ = try await fixture.service.invoke("worker")
      _ = try await fixture.service.invoke("worker", type: .event, clientContext: client)
      await fixture.service.settle()
      #expect(seen.all == [client, nil, nil])
    }
  }

  @Test func `have what was written during initialization in front of the log`() async throws {
    try await Fixture.run { fixture in
      var configuration = FunctionConfiguration(name: "talker", role: roleARN)
      configuration.timeoutSeconds = 3
      try fixture.service.createFunction(configuration) { context in
        context.log("importing")
        if context.environment["BROKEN"] != nil { throw Broken() }
      } handler: { event, _ in
        event.bytes
      }
      let lines = try await fixture.service.invoke("talker").logLines
      #expect(lines.first == "importing" && lines.dropFirst().first?.hasPrefix("START") == true)
      try fixture.service.updateFunctionConfiguration("talker") { $0.environment["BROKEN"] = "1" }
      let failed = try await fixture.service.invoke("talker")
      #expect(failed.functionError != nil && failed.logLines.first == "importing")
    }
  }
}
