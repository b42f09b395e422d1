import Synchronization
public import XRayModel

/// The queues of one account.
///
/// A queue that is first named as a target, by its ARN, is made at that moment, so that no dead letter is lost; others
/// see it once it has a message. All changes of what queues are go through here, and count only when they are kept.
public final class QueueRegistry: Sendable {
  /// Twelve digits.
  public let account: String
  public let region: String
  private let random: RandomSource
  private let save: @Sendable (QueueDefinitions) throws -> Void
  /// By ARN.
  private let queues = Mutex<[String: EventQueue]>([:])
  /// Held while a change is made and kept, so that one follows the other.
  private let changing = Mutex(())

  /// Ours: queues of the account.
  public static let limit = 10_000

  /// - Parameters:
  ///   - random: For ids of messages.
  ///   - definitions: What was kept.
  ///   - save: Keeps the definitions, before a change counts. When it throws, nothing has changed.
  public init(
    account: String = "123456789012", region: String = "us-east-1", random: RandomSource,
    definitions: QueueDefinitions = QueueDefinitions(),
    save: @escaping @Sendable (QueueDefinitions) throws -> Void = { _ in }
  ) {
    self.account = account
    self.region = region
    self.random = random
    self.save = save
    for definition in definitions.queues {
      let record = EventQueue.Record(
        tags: definition.tags, created: definition.created, modified: definition.modified, isCreated: true)
      let queue = makeQueue(arn(definition.name), settings: definition.settings, record: record)
      queues.withLock { $0[queue.arn] = queue }
    }
  }

  /// The ARN of the account's queue `name`.
  public func arn(_ name: String) -> String { "arn:aws:sqs:\(region):\(account):\(name)" }

  /// The queue `arn`, made when it is first named.
  public func queue(_ arn: String, at moment: Timestamp) -> EventQueue {
    queues.withLock { queues in
      if let queue = queues[arn] { return queue }
      let queue = makeQueue(
        arn, settings: QueueSettings(isOrdered: arn.hasSuffix(".fifo")),
        record: EventQueue.Record(created: moment, modified: moment, isCreated: false))
      queues[arn] = queue
      return queue
    }
  }

  private func makeQueue(_ arn: String, settings: QueueSettings, record: EventQueue.Record) -> EventQueue {
    EventQueue(arn: arn, settings: settings, record: record, random: random) { [weak self] letter, target, moment in
      self?.queue(target, at: moment).accept(letter, from: arn, at: moment)
    }
  }

  /// All queues by ARN, those of other accounts included that were named as targets.
  public var all: [EventQueue] { queues.withLock { $0.values.sorted { $0.arn < $1.arn } } }

  /// The account's queue of that name, if there is one: it was created, or has got a message.
  public func queue(named name: String) -> EventQueue? {
    queues.withLock { $0[arn(name)] }.flatMap { $0.isThere ? $0 : nil }
  }

  /// At most `limit` of the account's queues by name: those that begin with `prefix`, after the name `last`.
  public func list(prefix: String = "", after last: String? = nil, limit: Int = .max) -> [EventQueue] {
    page(after: last, limit: limit) { $0.name.hasPrefix(prefix) }
  }

  /// At most `limit` of the account's queues by name that have the queue `arn` for their dead letters, after `last`.
  public func deadLetterSources(of arn: String, after last: String? = nil, limit: Int = .max) -> [EventQueue] {
    page(after: last, limit: limit) { $0.settings.redrive?.target == arn }
  }

  private func page(after last: String?, limit: Int, _ isWanted: (EventQueue) -> Bool) -> [EventQueue] {
    let prefix = arn("")
    let all = queues.withLock { $0.filter { $0.key.hasPrefix(prefix) }.map(\.value) }
    return Array(
      all.filter { ($0.name > last ?? "") && $0.isThere && isWanted($0) }.sorted { $0.name < $1.name }.prefix(limit))
  }

  /// SQS: letters, digits, hyphens and underscores, at most 80 with the suffix `.fifo`.
  public static func isName(_ name: String) -> Bool {
    let stem = name.hasSuffix(".fifo") ? name.dropLast(5) : name[...]
    return !stem.isEmpty && name.utf8.count <= 80
      && stem.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  // MARK: Changes

  /// Creates a queue, or gives the one of that name when all `attributes` are as it has them.
  @discardableResult
  public func create(
    _ name: String, attributes: [String: String] = [:], tags: [String: String] = [:], at moment: Timestamp
  ) throws(QueueError) -> EventQueue {
    guard Self.isName(name) else {
      throw QueueError(
        .invalidParameterValue,
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
    }
    let isOrdered = name.hasSuffix(".fifo")
    if isOrdered, attributes["FifoQueue"]?.lowercased() != "true" {
      throw QueueError(
        .invalidParameterValue, "The name of a FIFO queue can end in .fifo only when FifoQueue is true.")
    }
    if !isOrdered, attributes["FifoQueue"]?.lowercased() == "true" {
      throw QueueError(
        .invalidParameterValue,
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length."
      )
    }
    return try changing.withLock { _ throws(QueueError) in
      if let queue = queue(named: name), queue.record.isCreated {
        var settings = queue.settings
        try settings.apply(attributes)
        guard settings == queue.settings else {
          let different = attributes.keys.sorted().first { settings.attributes[$0] != queue.settings.attributes[$0] }
          throw QueueError(
            .queueNameExists,
            "A queue already exists with the same name and a different value for attribute \(different ?? "")")
        }
        return queue
      }
      var settings = QueueSettings(isOrdered: isOrdered)
      try settings.apply(attributes)
      try checkTarget(of: settings, arn(name))
      try Self.check(tags: tags)
      guard queues.withLock({ $0.count }) < Self.limit else {
        throw QueueError(.overLimit, "There are \(Self.limit) queues.")
      }
      let record = EventQueue.Record(tags: tags, created: moment, modified: moment, isCreated: true)
      try keep(QueueDefinition(name: name, settings: settings, record: record), as: name)
      let queue = queue(arn(name), at: moment)
      queue.change(settings: settings, record: record)
      return queue
    }
  }

  /// Removes a queue with its messages.
  public func delete(_ queue: EventQueue) throws(QueueError) {
    try changing.withLock { _ throws(QueueError) in
      try keep(nil, as: queue.name)
      queues.withLock { $0[queue.arn] = nil }
    }
  }

  /// Changes settings of a queue by attributes.
  public func set(_ attributes: [String: String], of queue: EventQueue, at moment: Timestamp) throws(QueueError) {
    try update(queue) { settings, record throws(QueueError) in
      try settings.apply(attributes)
      try checkTarget(of: settings, queue.arn)
      record.modified = moment
    }
  }

  /// Changes a queue's tags: at most 50, keys of 1 to 128 characters, values of at most 256.
  public func changeTags(
    of queue: EventQueue, _ body: (inout [String: String]) -> Void
  ) throws(QueueError) {
    try update(queue) { _, record throws(QueueError) in
      body(&record.tags)
      try Self.check(tags: record.tags)
    }
  }

  private func update(
    _ queue: EventQueue, _ body: (inout QueueSettings, inout EventQueue.Record) throws(QueueError) -> Void
  ) throws(QueueError) {
    try changing.withLock { _ throws(QueueError) in
      var (settings, record) = (queue.settings, queue.record)
      try body(&settings, &record)
      record.isCreated = true
      try keep(QueueDefinition(name: queue.name, settings: settings, record: record), as: queue.name)
      queue.change(settings: settings, record: record)
    }
  }

  private static func check(tags: [String: String]) throws(QueueError) {
    guard tags.count <= 50 else { throw QueueError(.invalidParameterValue, "Too many tags added for queue.") }
    for (key, value) in tags where !(1...128).contains(key.count) || value.count > 256 || key.hasPrefix("aws:") {
      throw QueueError(
        .invalidParameterValue,
        "Tag keys must be between 1 and 128 characters in length, values at most 256, and keys must not begin with aws:."
      )
    }
  }

  private func checkTarget(of settings: QueueSettings, _ arn: String) throws(QueueError) {
    guard let target = settings.redrive?.target else { return }
    guard target != arn else {
      throw QueueError(.invalidAttributeValue, "A queue cannot be the dead letter queue of itself.")
    }
    guard queues.withLock({ $0[target] != nil }) else {
      throw QueueError(
        .invalidAttributeValue,
        "Value \(settings.attributes["RedrivePolicy"] ?? "") for parameter RedrivePolicy is invalid. "
          + "Reason: Dead letter target does not exist.")
    }
  }

  /// Saves what there will be once the queue `name` is as `definition` says, or gone.
  private func keep(_ definition: QueueDefinition?, as name: String) throws(QueueError) {
    var definitions = QueueDefinitions()
    definitions.queues = list().filter { $0.record.isCreated && $0.name != name }
      .map { QueueDefinition(name: $0.name, settings: $0.settings, record: $0.record) }
    if let definition { definitions.queues.append(definition) }
    definitions.queues.sort { $0.name < $1.name }
    do { try save(definitions) } catch {
      throw QueueError(.internalFailure, "The change could not be kept: \(error)")
    }
  }
}

extension QueueDefinition {
  init(name: String, settings: QueueSettings, record: EventQueue.Record) {
    self.init(
      name: name, settings: settings, tags: record.tags, created: record.created, modified: record.modified)
  }
}
