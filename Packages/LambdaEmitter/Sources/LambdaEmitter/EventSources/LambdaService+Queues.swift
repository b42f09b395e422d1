import EventSources
import XRayModel

extension LambdaService {
  /// Feeds a function from a queue until nothing is left in it, neither visible nor hidden. Returns how many messages
  /// were processed.
  ///
  /// A message that fails comes back after the queue's visibility timeout, and leaves by the queue's redrive policy or
  /// by its age. Ends early when the function is gone.
  @discardableResult
  public func drain(_ source: QueueSource, into function: String) async throws(LambdaError) -> Int {
    let queue = queue(source.queue)
    var processed = 0
    while true {
      let changes = queue.changes
      processed += try await poll(source, into: function)
      if Task.isCancelled || queue.isEmpty(at: clock.now) || (try? self.function(function)) == nil { return processed }
      guard !queue.hasVisible(at: clock.now) else { continue }
      await queue.change(since: changes, until: queue.nextVisible ?? clock.now, on: clock)
    }
  }

  /// Feeds a function from a queue until it is stopped or the task is cancelled. It waits for messages.
  ///
  /// - Parameters:
  ///   - function: Looked up for each batch. While it is not there, its messages wait.
  ///   - stop: Ends the feeding after the batches that are at work.
  /// - Throws: For a source whose numbers are out of range.
  public func feed(
    _ function: String, from source: QueueSource, until stop: StopSignal
  ) async throws(LambdaError) {
    let queue = queue(source.queue)
    while !stop.isStopped, !Task.isCancelled {
      let changes = queue.changes
      guard (try? self.function(function)) != nil else {
        await stop.sleep(until: clock.now.advanced(by: scaled(.seconds(1))), on: clock)
        continue
      }
      try await poll(source, into: function, until: stop)
      guard !queue.hasVisible(at: clock.now) else { continue }
      let next = queue.nextVisible ?? .upperBound
      await firstOf({ await queue.change(since: changes, until: next, on: self.clock) }, { await stop.wait() })
    }
  }

  /// Feeds a function with what is visible in a queue, several batches at a time, until nothing visible is left and no
  /// batch runs. Returns how many messages were processed.
  ///
  /// Each batch begins a new trace, with links to the traces of the messages' senders. Messages that fail stay in the
  /// queue, hidden for its visibility timeout.
  ///
  /// - Parameter stop: Lets no other batch begin.
  @discardableResult
  public func poll(
    _ source: QueueSource, into function: String, until stop: StopSignal = StopSignal()
  ) async throws(LambdaError) -> Int {
    _ = try self.function(function)
    guard (1...10_000).contains(source.batchSize), (0...300).contains(source.windowSeconds),
      (1...1000).contains(source.concurrency)
    else {
      throw LambdaError(
        .invalidParameterValue,
        "A batch has 1 to 10,000 messages and a window of at most 300 seconds, and at most 1,000 run at a time.")
    }
    return await withTaskGroup(of: PollingStep.self) { group in
      let queue = queue(source.queue)
      var running = 0
      var processed = 0
      var isWatched = false
      func wait() async {
        switch await group.next() {
        case .fed(let count)?:
          running -= 1
          processed += count
        case .changed?: isWatched = false
        case nil: break
        }
      }
      // A function that changes has its next batch as it is then; one that is gone leaves its messages alone.
      while !Task.isCancelled, !stop.isStopped, let version = try? self.function(function) {
        let changes = queue.changes
        if running < source.concurrency {
          let batch = await gather(source, until: stop)
          if !batch.messages.isEmpty {
            running += 1
            group.addTask { .fed(await self.feed(batch, from: source, to: version)) }
            continue
          }
          if running == 0 { break }
          if !isWatched {
            isWatched = true
            let next = queue.nextVisible ?? .upperBound
            group.addTask { [clock] in
              await queue.change(since: changes, until: next, on: clock)
              return .changed
            }
          }
        }
        await wait()
      }
      while running > 0 { await wait() }
      group.cancelAll()
      return processed
    }
  }

  /// Receives a batch, waiting for it to become full while its window is open; an empty one when nothing is visible.
  private func gather(_ source: QueueSource, until stop: StopSignal) async -> QueueBatch {
    let queue = queue(source.queue)
    let visibility = scaled(queue.settings.visibilityTimeout)
    let start = clock.now
    func receive(_ count: Int, bytes: Int) -> [QueueMessage] {
      admitted(queue.receive(count, at: clock.now, visibility: visibility, bytes: bytes), by: source)
    }
    var messages = receive(source.batchSize, bytes: QueueBatch.bytesLimit)
    // Once the first is visible again, it could come into its batch twice.
    let end = start.advanced(by: min(scaled(.seconds(source.windowSeconds)), visibility))
    while !messages.isEmpty, messages.count < source.batchSize, clock.now < end, !Task.isCancelled, !stop.isStopped {
      let changes = queue.changes
      let more = receive(
        source.batchSize - messages.count, bytes: QueueBatch.bytesLimit - messages.reduce(0) { $0 + $1.bytes })
      if more.isEmpty {
        // What is visible and was not received is too large for this batch.
        if queue.hasVisible(at: clock.now) { break }
        let next = min(end, queue.nextVisible ?? end)
        await firstOf({ await queue.change(since: changes, until: next, on: self.clock) }, { await stop.wait() })
      }
      messages += more
    }
    return QueueBatch(messages: messages)
  }

  /// The messages that the source's filters let through; the others are deleted.
  private func admitted(_ messages: [QueueMessage], by source: QueueSource) -> [QueueMessage] {
    guard !source.filters.isEmpty else { return messages }
    let queue = queue(source.queue)
    return messages.filter { message in
      var writer = JSONWriter()
      message.write(to: &writer, arn: source.queue, region: region)
      let record = (try? JSONValue(parsing: writer.bytes.span))?.object ?? [:]
      if source.filters.admit(record, embedded: "body") { return true }
      try? queue.delete(message.receiptHandle, at: clock.now)
      return false
    }
  }

  /// Invokes the function with a batch, and deletes what it processed. Returns how many messages that were.
  private func feed(_ batch: QueueBatch, from source: QueueSource, to function: FunctionVersion) async -> Int {
    let header = traceHeader(ofSenders: batch.messages.map(\.traceHeader))
    let invocation = begin(
      function, payload: batch.event(from: source.queue, region: region), traceHeader: header,
      links: header == nil ? batch.links(consumer: function) : [])
    linkSenders(of: batch.messages, to: invocation)
    await wait(timing.routing)
    let outcome = await attempt(invocation, parent: invocation.segmentID)
    // A throttled batch fails like any other; the segment tells.
    _ = try? await close(invocation, outcome)
    guard case .answered(let answer) = outcome, !answer.isError else { return 0 }
    let processed =
      source.reportsBatchItemFailures ? batch.processed(accordingTo: answer.payload) : batch.messages
    let queue = queue(source.queue)
    // A receipt handle whose time was over belongs to nobody any more: the message comes again.
    for message in processed { try? queue.delete(message.receiptHandle, at: clock.now) }
    return processed.count
  }
}

/// What a poll of a queue waits for.
private enum PollingStep {
  /// A batch is done, and so many messages of it were processed.
  case fed(Int)
  case changed
}
