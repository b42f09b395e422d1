import XRayModel

/// The messages of one queue, and what becomes of them as time goes by.
///
/// Every step costs at most a logarithm of the number of messages.
struct MessageStore {
  private enum State: Equatable {
    case visible, delayed, inFlight
  }

  private struct Slot {
    var message: QueueMessage
    var state: State
    /// Tells a hidden message's present entry in `hidden` from earlier ones.
    var version = 0
  }

  private struct Hidden: Comparable {
    var until: Timestamp
    var number: Int
    var version: Int

    static func < (a: Hidden, b: Hidden) -> Bool {
      a.until == b.until ? a.number < b.number : a.until < b.until
    }
  }

  private struct Sent: Comparable {
    var moment: Timestamp
    var number: Int

    static func < (a: Sent, b: Sent) -> Bool { a.moment == b.moment ? a.number < b.number : a.moment < b.moment }
  }

  /// SQS: messages of a queue that are in flight.
  static let inFlightLimit = 120_000
  /// Ours: what all messages of a queue may hold, each with ``overhead``.
  static let bytesLimit = 64 << 20
  static let overhead = 512

  var settings: QueueSettings
  private var slots: [Int: Slot] = [:]
  private var order: ReadyOrder
  private var hidden = MinimumHeap<Hidden>()
  private var ages = MinimumHeap<Sent>()
  private var lastNumber = 0
  private var bytes = 0
  private var lastDelayEnd = Timestamp(ticks: 0)
  private(set) var inFlight = 0
  private(set) var delayed = 0

  init(_ settings: QueueSettings) {
    self.settings = settings
    order = ReadyOrder(isOrdered: settings.isOrdered)
  }

  var count: Int { slots.count }
  var visible: Int { slots.count - inFlight - delayed }
  var messages: [QueueMessage] { slots.sorted { $0.key < $1.key }.map(\.value.message) }

  /// Whether a message of so many bytes finds room.
  func hasRoom(for bytes: Int) -> Bool { self.bytes + bytes + Self.overhead <= Self.bytesLimit }

  /// Adds a message. Returns its sequence number, when the queue has such.
  mutating func insert(_ message: QueueMessage, delay: Duration, at now: Timestamp) -> String? {
    lastNumber += 1
    var message = message
    if settings.isOrdered { message.sequenceNumber = String(10_000_000_000_000_000_000 + UInt64(lastNumber)) }
    bytes += message.bytes + Self.overhead
    ages.insert(Sent(moment: message.sent, number: lastNumber))
    var end = now.advanced(by: delay)
    if settings.isOrdered {
      // A shorter delay does not let a message overtake others.
      end = max(end, lastDelayEnd)
      lastDelayEnd = end
    }
    slots[lastNumber] = Slot(message: message, state: .visible)
    if end > now {
      hide(lastNumber, .delayed, until: end)
    } else {
      order.insert(lastNumber, group: message.groupID)
    }
    return message.sequenceNumber
  }

  /// Makes visible whose time has come, and removes what is too old.
  mutating func advance(to now: Timestamp) {
    while let next = hidden.first, next.until <= now {
      hidden.removeFirst()
      if slots[next.number]?.version == next.version { show(next.number) }
    }
    let oldest = now.advanced(by: .zero - .seconds(settings.retentionSeconds))
    while let next = ages.first, next.moment <= oldest {
      ages.removeFirst()
      remove(next.number)
    }
  }

  /// When a message becomes visible next; `nil` when none is hidden.
  mutating func nextVisible() -> Timestamp? {
    while let next = hidden.first, slots[next.number]?.version != next.version { hidden.removeFirst() }
    return hidden.first?.until
  }

  /// Whether something can be received.
  mutating func hasVisible() -> Bool {
    guard inFlight < Self.inFlightLimit else { return false }
    let slots = slots
    return order.hasNext { slots[$0]?.state == .visible }
  }

  /// Receives at most `count` messages of at most `limit` bytes together, and takes out those that were received too
  /// often.
  mutating func receive(
    _ count: Int, limit: Int, until end: Timestamp, at now: Timestamp
  ) -> (received: [QueueMessage], exhausted: [QueueMessage]) {
    var received: [QueueMessage] = []
    var exhausted: [QueueMessage] = []
    var left = limit
    var isFull = false
    while received.count < count, inFlight < Self.inFlightLimit, !isFull {
      let numbers = takeVisible(min(count - received.count, Self.inFlightLimit - inFlight))
      if numbers.isEmpty { break }
      for number in numbers {
        guard let message = slots[number]?.message else { continue }
        if let redrive = settings.redrive, message.receiveCount >= redrive.maximumReceiveCount {
          exhausted.append(message)
          hide(number, .inFlight, until: end)
          remove(number)
        } else if isFull || message.bytes > left {
          isFull = true
          order.insert(number, group: message.groupID)
          order.release(message.groupID)
        } else {
          left -= message.bytes
          received.append(take(number, until: end, at: now))
        }
      }
    }
    return (received, exhausted)
  }

  private mutating func takeVisible(_ count: Int) -> [Int] {
    let slots = slots
    return order.take(count) { slots[$0]?.state == .visible }
  }

  private mutating func take(_ number: Int, until end: Timestamp, at now: Timestamp) -> QueueMessage {
    hide(number, .inFlight, until: end)
    guard var message = slots[number]?.message else { preconditionFailure("a message that was taken is there") }
    message.receiveCount += 1
    message.firstReceived = message.firstReceived ?? now
    message.receiptHandle = "\(number).\(message.receiveCount).\(message.id)"
    slots[number]?.message = message
    return message
  }

  // MARK: Receipt handles

  /// Deletes the message of a receipt handle, if that is its latest one.
  mutating func delete(_ handle: String) throws(QueueError) {
    guard let number = try number(of: handle) else { return }
    if settings.isOrdered, slots[number]?.state != .inFlight {
      throw QueueError(
        .invalidParameterValue,
        "Value \(handle.prefix(200)) for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.")
    }
    remove(number)
  }

  /// Hides the message of a receipt handle until `end`.
  mutating func changeVisibility(_ handle: String, until end: Timestamp) throws(QueueError) {
    guard let number = try number(of: handle), slots[number]?.state == .inFlight else {
      throw QueueError(
        .messageNotInFlight,
        "Value \(handle.prefix(200)) for parameter ReceiptHandle is invalid. "
          + "Reason: Message does not exist or is not available for visibility timeout change.")
    }
    hide(number, .inFlight, until: end)
  }

  /// The message that was received last with the handle; `nil` when it is gone, or was received since.
  private func number(of handle: String) throws(QueueError) -> Int? {
    let parts = handle.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let number = Int(parts[0]), let count = Int(parts[1]), number > 0, number <= lastNumber
    else { throw Self.invalidHandle(handle) }
    guard let message = slots[number]?.message else { return nil }
    guard message.id == parts[2] else { throw Self.invalidHandle(handle) }
    return message.receiveCount == count ? number : nil
  }

  private static func invalidHandle(_ handle: String) -> QueueError {
    QueueError(
      .receiptHandleIsInvalid, "The input receipt handle \"\(handle.prefix(200))\" is not a valid receipt handle.")
  }

  mutating func removeAll() {
    slots = [:]
    order = ReadyOrder(isOrdered: settings.isOrdered)
    hidden = MinimumHeap()
    ages = MinimumHeap()
    (bytes, inFlight, delayed) = (0, 0, 0)
  }

  // MARK: Changes of state

  private mutating func hide(_ number: Int, _ state: State, until end: Timestamp) {
    guard let old = slots[number] else { return }
    count(old.state, -1)
    count(state, 1)
    slots[number]?.state = state
    slots[number]?.version = old.version + 1
    hidden.insert(Hidden(until: end, number: number, version: old.version + 1))
  }

  private mutating func show(_ number: Int) {
    guard let old = slots[number] else { return }
    count(old.state, -1)
    slots[number]?.state = .visible
    order.insert(number, group: old.message.groupID)
    if old.state == .inFlight { order.release(old.message.groupID) }
  }

  private mutating func remove(_ number: Int) {
    guard let old = slots.removeValue(forKey: number) else { return }
    count(old.state, -1)
    bytes -= old.message.bytes + Self.overhead
    if old.state == .inFlight { order.release(old.message.groupID) }
    compact()
  }

  private mutating func count(_ state: State, _ change: Int) {
    switch state {
    case .visible: break
    case .delayed: delayed += change
    case .inFlight: inFlight += change
    }
  }

  /// Forgets entries of what is gone, when there are more of them than of what is there.
  private mutating func compact() {
    let slots = slots
    if hidden.count > 2 * (inFlight + delayed) + 64 {
      hidden.filter { slots[$0.number]?.version == $0.version && slots[$0.number]?.state != .visible }
    }
    if ages.count > 2 * slots.count + 64 { ages.filter { slots[$0.number] != nil } }
    order.compact(visible: visible) { slots[$0]?.state == .visible }
  }
}
