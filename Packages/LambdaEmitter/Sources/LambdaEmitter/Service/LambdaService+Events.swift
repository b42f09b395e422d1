import XRayModel

/// What the service does beside its answers.
enum Work: Sendable {
  case event(Invocation)
  /// The rest of an invocation whose answer is given.
  case afterwards(@Sendable () async -> Void)
}

/// Events that were accepted and are not done.
struct EventBacklog {
  /// What all of them may hold together.
  static let bytesLimit = 64 * 1024 * 1024

  var count = 0
  var bytes = 0
  var isClosed = false
  /// Whether ``LambdaService/run()`` was called.
  var isServed = false
  var waiting: [CheckedContinuation<Void, Never>] = []
}

extension LambdaService {
  /// Runs `body` while asynchronous events are worked off, waits until all of them are done, and shuts the
  /// environments down. To be called once: afterwards the service accepts no events.
  public func serving<Result: Sendable>(
    _ body: @Sendable (LambdaService) async throws -> Result
  ) async throws -> Result {
    resumeEvents()
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await self.run() }
      let result = try await body(self)
      await settle()
      close()
      try await group.waitForAll()
      return result
    }
  }

  /// Works asynchronous events off until ``close()`` is called or the task is cancelled; then shuts the
  /// environments down. To be called once.
  ///
  /// Events that the service's journal has from before are worked off as well. When the task is cancelled, events that
  /// are not done stay in the journal; without one they end as dead letters.
  public func run() async {
    state.withLock { $0.backlog.isServed = true }
    resumeEvents()
    await withDiscardingTaskGroup { group in
      // After a cancellation this still yields what is in the queue: each event is kept, or ends as a dead letter.
      for await work in works {
        group.addTask {
          switch work {
          case .event(let event): await self.process(event)
          case .afterwards(let rest): await rest()
          }
        }
      }
    }
    close()
    await shutDownEnvironments()
  }

  /// Accepts no more events. Those that were accepted are still worked off.
  public func close() {
    state.withLock { $0.backlog.isClosed = true }
    workInput.finish()
  }

  /// Waits until all accepted events are done: they succeeded or were given up. Needs ``run()`` at work.
  public func settle() async {
    await withCheckedContinuation { continuation in
      let isDone = state.withLock { state in
        if state.backlog.count == 0 { return true }
        state.backlog.waiting.append(continuation)
        return false
      }
      if isDone { continuation.resume() }
    }
  }

  /// Answers 202 and leaves the rest to ``run()``.
  func accept(_ invocation: Invocation) async throws(LambdaError) -> InvocationResult {
    do throws(LambdaError) {
      try reserve(invocation.payload.count)
      await wait(timing.acceptance)
      try await keep(invocation)
      if case .terminated = workInput.yield(.event(invocation)) {
        journal?.finish(invocation.requestID)
        finish(invocation.payload.count)
        throw LambdaError(.service, "the service is closing")
      }
    } catch {
      emit(invocation.serviceSegment(end: clock.now, status: error.statusCode), of: invocation)
      throw error
    }
    emit(invocation.serviceSegment(end: clock.now, status: 202), of: invocation)
    return invocation.result(status: 202)
  }

  func reserve(_ bytes: Int) throws(LambdaError) {
    try state.withLock { state throws(LambdaError) in
      guard !state.backlog.isClosed else { throw LambdaError(.service, "the service is closing") }
      guard state.backlog.bytes + bytes <= EventBacklog.bytesLimit else {
        throw LambdaError(throttled: .invocationRate)
      }
      state.backlog.count += 1
      state.backlog.bytes += bytes
    }
  }

  /// Leaves work to ``run()``, so that an answer need not wait for it; does it here when nobody is at work any more, or
  /// yet.
  func afterwards(_ rest: @escaping @Sendable () async -> Void) async {
    guard state.withLock({ $0.backlog.isServed && !$0.backlog.isClosed }) else { return await rest() }
    if case .terminated = workInput.yield(.afterwards(rest)) { await rest() }
  }

  /// Returns when the event can no longer be lost.
  private func keep(_ invocation: Invocation) async throws(LambdaError) {
    guard let journal else { return }
    do throws(LambdaError) {
      try await journal.accept(AcceptedEvent(invocation))
    } catch {
      finish(invocation.payload.count)
      throw error
    }
  }

  /// Accepts an event that the service itself gave the function. What cannot be kept is counted and told.
  private func acceptPosted(_ event: Invocation) async -> Bool {
    await wait(timing.acceptance)
    do throws(LambdaError) {
      try await keep(event)
    } catch {
      emit(event.serviceSegment(end: clock.now, status: error.statusCode), of: event)
      leaveUndelivered(.refused, event.invokedARN)
      return false
    }
    emit(event.serviceSegment(end: clock.now, status: 202), of: event)
    return true
  }

  private func process(_ event: Invocation) async {
    if event.isPosted {
      guard await acceptPosted(event) else { return }
    }
    let isDone = await EventDelivery(event, service: self).run()
    if isDone { journal?.finish(event.requestID) }
    finish(event.payload.count)
  }

  func finish(_ bytes: Int) {
    let waiting = state.withLock { state in
      state.backlog.count -= 1
      state.backlog.bytes -= bytes
      return state.backlog.count == 0 ? state.backlog.takeWaiting() : []
    }
    for continuation in waiting { continuation.resume() }
  }
}

extension EventBacklog {
  fileprivate mutating func takeWaiting() -> [CheckedContinuation<Void, Never>] {
    defer { waiting = [] }
    return waiting
  }
}
