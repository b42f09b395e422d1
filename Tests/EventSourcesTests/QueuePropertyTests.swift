import EventSources
import Testing
import XRayModel

/// A queue as one would write it without a thought for time or room.
private struct NaiveQueue {
  struct Message {
    var number: Int
    var group: String
    var sent: Int
    var visibleFrom: Int
    var isInFlight = false
    var receiveCount = 0
    var handle = ""
  }

  let isOrdered: Bool
  let retention: Int
  var maximumReceiveCount = Int.max
  var messages: [Message] = []
  var dead: [Int] = []

  mutating func advance(to now: Int) {
    messages.removeAll { $0.sent + retention <= now }
    for index in messages.indices where messages[index].visibleFrom <= now { messages[index].isInFlight = false }
  }

  func isBlocked(_ message: Message) -> Bool {
    isOrdered && messages.contains { $0.isInFlight && $0.group == message.group }
  }

  func receivable(at now: Int) -> [Message] { messages.filter { $0.visibleFrom <= now && !isBlocked($0) } }

  /// The numbers of the messages that are received.
  mutating func receive(_ count: Int, at now: Int, visibility: Int) -> [Int] {
    var order = receivable(at: now)
    if isOrdered {
      // A group's messages follow one another, and groups by their first messages.
      let groups = order.map(\.group).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
      order = groups.flatMap { group in order.filter { $0.group == group } }
    }
    var taken: [Int] = []
    for message in order where taken.count < count {
      guard let index = messages.firstIndex(where: { $0.number == message.number }) else { continue }
      if message.receiveCount >= maximumReceiveCount {
        dead.append(message.number)
        messages.remove(at: index)
        continue
      }
      messages[index].isInFlight = true
      messages[index].visibleFrom = now + visibility
      messages[index].receiveCount += 1
      taken.append(message.number)
    }
    advance(to: now)
    return taken
  }
}

@Suite struct `A queue under random operations` {
  @Test(arguments: 1...20 as ClosedRange<UInt64>, [false, true])
  func `does what a naive one does`(seed: UInt64, isOrdered: Bool) throws {
    var random = RandomSource(seed: seed)
    let registry = QueueRegistry(random: RandomSource(seed: 7))
    let suffix = isOrdered ? ".fifo" : ""
    var attributes = ["MessageRetentionPeriod": "60"]
    if isOrdered { attributes["FifoQueue"] = "true" }
    let dead = try registry.create("dead" + suffix, attributes: attributes, at: start)
    var naive = NaiveQueue(isOrdered: isOrdered, retention: 60)
    if !isOrdered {
      attributes["RedrivePolicy"] = #"{"deadLetterTargetArn":"\#(dead.arn)","maxReceiveCount":3}"#
      naive.maximumReceiveCount = 3
    }
    let queue = try registry.create("q" + suffix, attributes: attributes, at: start)
    var (now, sent, letters) = (0, 0, 0)
    var handles: [(number: Int, handle: String)] = []
    for _ in 0..<800 {
      naive.advance(to: now)
      switch Int.random(in: 0..<10, using: &random) {
      case 0...3:
        sent += 1
        let group = "g\(Int.random(in: 0..<4, using: &random))"
        let delay = isOrdered ? 0 : Int.random(in: 0..<5, using: &random)
        try queue.put("\(sent)", group: group, id: "\(sent)", delay: delay, at: now)
        naive.messages.append(.init(number: sent, group: group, sent: now, visibleFrom: now + delay))
      case 4...6:
        let (count, visibility) = (Int.random(in: 1...5, using: &random), Int.random(in: 0...10, using: &random))
        let received = queue.take(count, at: now, visibility: visibility)
        let expected = naive.receive(count, at: now, visibility: visibility)
        #expect(received.compactMap { Int($0.text) } == expected)
        for message in received {
          guard let index = naive.messages.firstIndex(where: { "\($0.number)" == message.text }) else { continue }
          #expect(naive.messages[index].receiveCount == message.receiveCount)
          naive.messages[index].handle = message.receiptHandle
          handles.append((naive.messages[index].number, message.receiptHandle))
        }
        letters += naive.dead.count - letters
      case 7:
        guard let (number, handle) = handles.randomElement(using: &random) else { continue }
        let index = naive.messages.firstIndex { $0.number == number && $0.handle == handle }
        let isRefused = refusal { try queue.delete(handle, at: after(now)) } != nil
        #expect(isRefused == (isOrdered && index.map { !naive.messages[$0].isInFlight } == true))
        if let index, !isRefused { naive.messages.remove(at: index) }
      case 8:
        guard let (number, handle) = handles.randomElement(using: &random) else { continue }
        let index = naive.messages.firstIndex { $0.number == number && $0.handle == handle && $0.isInFlight }
        let seconds = Int.random(in: 0...10, using: &random)
        let isRefused =
          refusal { try queue.changeVisibility(handle, to: .seconds(seconds), at: after(now)) } != nil
        #expect(isRefused == (index == nil))
        if let index { naive.messages[index].visibleFrom = now + seconds }
      default: now += Int.random(in: 0...6, using: &random)
      }
      naive.advance(to: now)
      let counts = queue.counts(at: after(now))
      #expect(counts.inFlight == naive.messages.filter(\.isInFlight).count)
      #expect(counts.visible == naive.messages.filter { $0.visibleFrom <= now }.count)
      #expect(counts.visible + counts.inFlight + counts.delayed == naive.messages.count)
      #expect(queue.hasVisible(at: after(now)) == !naive.receivable(at: now).isEmpty)
      #expect(queue.nextVisible == naive.messages.map(\.visibleFrom).filter { $0 > now }.min().map { after($0) })
    }
    #expect(queue.messages.map(\.text) == naive.messages.map { "\($0.number)" })
    #expect(dead.sent == naive.dead.count)
    #expect(isOrdered || !naive.dead.isEmpty)
  }
}
