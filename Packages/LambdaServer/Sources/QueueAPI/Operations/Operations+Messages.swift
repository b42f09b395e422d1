import EventSources
import XRayModel

extension QueueAPI {
  func sendMessage(_ call: QueueCall) throws(QueueFault) -> Result {
    let queue = try queue(call)
    let message = try NewMessage(call.input, settings: queue.settings, traceHeader: call.traceHeader)
    return try send(message, to: queue)
  }

  func sendMessages(_ call: QueueCall) throws(QueueFault) -> Result {
    let queue = try queue(call)
    let settings = queue.settings
    return try batch(call) { entries throws(QueueFault) in
      // What cannot be read is refused alone, and has no size.
      let bytes = entries.reduce(0) { sum, entry in
        sum + ((try? NewMessage(entry, settings: settings, traceHeader: nil))?.bytes ?? 0)
      }
      guard bytes <= Self.batchBytes else {
        throw QueueFault(
          .batchTooLong,
          "Batch requests cannot be longer than \(Self.batchBytes) bytes. You have sent \(bytes) bytes.")
      }
    } perform: { entry throws(QueueFault) in
      try self.send(NewMessage(entry, settings: settings, traceHeader: call.traceHeader), to: queue)
    }
  }

  private static let batchBytes = 1_048_576

  private func send(_ message: NewMessage, to queue: EventQueue) throws(QueueFault) -> Result {
    let sent = try translating { () throws(QueueError) in try queue.send(message, at: clock.now) }
    var result: Result = [.init("MessageId", sent.id), .init("MD5OfMessageBody", message.bodyMD5)]
    if !message.attributes.isEmpty { result.append(.init("MD5OfMessageAttributes", message.attributes.md5)) }
    if let header = message.traceHeader {
      let attributes = ["AWSTraceHeader": MessageAttribute(header)]
      result.append(.init("MD5OfMessageSystemAttributes", attributes.md5))
    }
    if let number = sent.sequenceNumber { result.append(.init("SequenceNumber", number)) }
    return result
  }

  func receiveMessages(_ call: QueueCall) async throws(QueueFault) -> Result {
    let queue = try queue(call)
    let input = call.input
    let count = try input.integer("MaxNumberOfMessages", 1...10) ?? 1
    let visibility = try input.integer("VisibilityTimeout", 0...43_200).map { Duration.seconds($0) }
    let seconds = try input.integer("WaitTimeSeconds", 0...20) ?? queue.settings.receiveWaitSeconds
    let selection = try AttributeSelection(
      system: (input.texts("AttributeNames") ?? []) + (input.texts("MessageSystemAttributeNames") ?? []),
      own: input.texts("MessageAttributeNames") ?? [])
    let deadline = clock.now.advanced(by: .seconds(seconds))
    let messages = await queue.receive(count, until: deadline, on: clock, visibility: visibility)
    if messages.isEmpty, seconds == 0, queue.counts(at: clock.now).inFlight >= EventQueue.inFlightLimit {
      throw QueueFault(.overLimit, "There are \(EventQueue.inFlightLimit) messages in flight.")
    }
    return messages.isEmpty ? [] : [.init("Messages", .array(messages.map { selection.json($0) }))]
  }

  func deleteMessage(_ call: QueueCall) throws(QueueFault) -> Result { try delete(call.input, from: queue(call)) }

  func deleteMessages(_ call: QueueCall) throws(QueueFault) -> Result {
    let queue = try queue(call)
    return try batch(call) { entry throws(QueueFault) in try self.delete(entry, from: queue) }
  }

  private func delete(_ input: QueueInput, from queue: EventQueue) throws(QueueFault) -> Result {
    let handle = try input.required("ReceiptHandle")
    try translating { () throws(QueueError) in try queue.delete(handle, at: clock.now) }
    return []
  }

  func changeVisibility(_ call: QueueCall) throws(QueueFault) -> Result {
    try changeVisibility(call.input, in: queue(call))
  }

  func changeVisibilities(_ call: QueueCall) throws(QueueFault) -> Result {
    let queue = try queue(call)
    return try batch(call) { entry throws(QueueFault) in try self.changeVisibility(entry, in: queue) }
  }

  private func changeVisibility(_ input: QueueInput, in queue: EventQueue) throws(QueueFault) -> Result {
    let handle = try input.required("ReceiptHandle")
    guard let seconds = try input.integer("VisibilityTimeout", 0...43_200) else { throw .missing("VisibilityTimeout") }
    try translating { () throws(QueueError) in
      try queue.changeVisibility(handle, to: .seconds(seconds), at: clock.now)
    }
    return []
  }

  /// Performs each entry of a batch by itself: what is wrong with one does not concern the others.
  private func batch(
    _ call: QueueCall, check: ([QueueInput]) throws(QueueFault) -> Void = { _ in },
    perform: (QueueInput) throws(QueueFault) -> Result
  ) throws(QueueFault) -> Result {
    let entries = try call.input.list("Entries")
    guard !entries.isEmpty else {
      throw QueueFault(.emptyBatch, "There should be at least one entry in the request.")
    }
    guard entries.count <= 10 else {
      throw QueueFault(
        .tooManyEntries, "Maximum number of entries per request are 10. You have sent \(entries.count).")
    }
    var ids: Set<String> = []
    for entry in entries {
      let id = try entry.required("Id")
      guard Self.isEntryID(id) else {
        throw QueueFault(
          .invalidEntryID,
          "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
            + "It can be at most 80 letters long.")
      }
      guard ids.insert(id).inserted else { throw QueueFault(.entryIDsNotDistinct, "Id \(id) repeated.") }
    }
    try check(entries)
    var successful: [JSONValue] = []
    var failed: [JSONValue] = []
    for entry in entries {
      let id = JSONObject.Member("Id", try entry.required("Id"))
      do throws(QueueFault) {
        successful.append(.object(JSONObject([id] + (try perform(entry)))))
      } catch {
        failed.append(
          .object(
            JSONObject([
              id, .init("SenderFault", .bool(error.kind.isSendersFault)), .init("Code", error.kind.queryCode),
              .init("Message", error.message),
            ])))
      }
    }
    return [.init("Successful", .array(successful)), .init("Failed", .array(failed))]
  }

  private static func isEntryID(_ id: String) -> Bool {
    // The same characters as in the names of queues.
    QueueRegistry.isName(id) && !id.contains(".")
  }
}
