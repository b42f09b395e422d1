import EventSources
import XRayModel

extension QueueAPI {
  func createQueue(_ call: QueueCall) throws(QueueFault) -> Result {
    let name = try call.input.required("QueueName")
    let attributes = try call.input.map("Attributes")
    let tags = try call.input.map("tags")
    let queue = try translating { () throws(QueueError) in
      try registry.create(name, attributes: attributes, tags: tags, at: clock.now)
    }
    return [.init("QueueUrl", url(of: queue, call))]
  }

  func queueURL(_ call: QueueCall) throws(QueueFault) -> Result {
    let name = try call.input.required("QueueName")
    let owner = try call.input.text("QueueOwnerAWSAccountId") ?? registry.account
    guard owner == registry.account, let queue = registry.queue(named: name) else { throw Self.noQueue }
    return [.init("QueueUrl", url(of: queue, call))]
  }

  func listQueues(_ call: QueueCall) throws(QueueFault) -> Result {
    let prefix = try call.input.text("QueueNamePrefix") ?? ""
    return try page(call, as: "QueueUrls") { registry.list(prefix: prefix, after: $0, limit: $1) }
  }

  func listDeadLetterSources(_ call: QueueCall) throws(QueueFault) -> Result {
    let arn = try queue(call).arn
    return try page(call, as: "queueUrls") { registry.deadLetterSources(of: arn, after: $0, limit: $1) }
  }

  /// One page of queues; a token for the next is given only to callers that say how long pages are.
  private func page(
    _ call: QueueCall, as member: String, _ list: (_ last: String?, _ limit: Int) -> [EventQueue]
  ) throws(QueueFault) -> Result {
    let most = try call.input.integer("MaxResults", 1...1000)
    let limit = most ?? 1000
    let found = list(try call.input.text("NextToken"), limit + 1)
    let queues = found.prefix(limit)
    var result: Result = [.init(member, .array(queues.map { .string(url(of: $0, call)) }))]
    if most != nil, found.count > limit, let last = queues.last { result.append(.init("NextToken", last.name)) }
    return result
  }

  func deleteQueue(_ call: QueueCall) throws(QueueFault) -> Result {
    let queue = try queue(call)
    try translating { () throws(QueueError) in try registry.delete(queue) }
    return []
  }

  func purgeQueue(_ call: QueueCall) throws(QueueFault) -> Result {
    let queue = try queue(call)
    try translating { () throws(QueueError) in try queue.purge(at: clock.now) }
    return []
  }

  func setQueueAttributes(_ call: QueueCall) throws(QueueFault) -> Result {
    let queue = try queue(call)
    let attributes = try call.input.map("Attributes")
    guard !attributes.isEmpty else { throw .missing("Attribute.Name") }
    try translating { () throws(QueueError) in try registry.set(attributes, of: queue, at: clock.now) }
    return []
  }

  func queueAttributes(_ call: QueueCall) throws(QueueFault) -> Result {
    let queue = try queue(call)
    let names = try call.input.texts("AttributeNames") ?? []
    for name in names where !Self.attributeNames.contains(name) {
      throw QueueFault(.invalidAttributeName, "Unknown Attribute \(name.prefix(100)).")
    }
    var attributes = attributes(of: queue)
    if !names.contains("All") { attributes = attributes.filter { names.contains($0.key) } }
    return attributes.isEmpty ? [] : [.init("Attributes", .map(attributes))]
  }

  private func attributes(of queue: EventQueue) -> [String: String] {
    var attributes = queue.settings.attributes
    let counts = queue.counts(at: clock.now)
    attributes["QueueArn"] = queue.arn
    attributes["CreatedTimestamp"] = String(queue.created.wholeSeconds)
    attributes["LastModifiedTimestamp"] = String(queue.modified.wholeSeconds)
    attributes["ApproximateNumberOfMessages"] = String(counts.visible)
    attributes["ApproximateNumberOfMessagesNotVisible"] = String(counts.inFlight)
    attributes["ApproximateNumberOfMessagesDelayed"] = String(counts.delayed)
    if attributes["SqsManagedSseEnabled"] == nil {
      attributes["SqsManagedSseEnabled"] = String(attributes["KmsMasterKeyId"] == nil)
    }
    return attributes
  }

  private static let attributeNames: Set<String> = [
    "All", "Policy", "VisibilityTimeout", "MaximumMessageSize", "MessageRetentionPeriod", "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible", "CreatedTimestamp", "LastModifiedTimestamp", "QueueArn",
    "ApproximateNumberOfMessagesDelayed", "DelaySeconds", "ReceiveMessageWaitTimeSeconds", "RedrivePolicy", "FifoQueue",
    "ContentBasedDeduplication", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "DeduplicationScope",
    "FifoThroughputLimit", "RedriveAllowPolicy", "SqsManagedSseEnabled",
  ]

  func tagQueue(_ call: QueueCall) throws(QueueFault) -> Result {
    let queue = try queue(call)
    let tags = try call.input.map("Tags")
    guard !tags.isEmpty else { throw .missing("Tags") }
    try translating { () throws(QueueError) in
      try registry.changeTags(of: queue) { $0.merge(tags) { $1 } }
    }
    return []
  }

  func untagQueue(_ call: QueueCall) throws(QueueFault) -> Result {
    let queue = try queue(call)
    guard let keys = try call.input.texts("TagKeys"), !keys.isEmpty else { throw .missing("TagKeys") }
    try translating { () throws(QueueError) in
      try registry.changeTags(of: queue) { tags in for key in keys { tags[key] = nil } }
    }
    return []
  }

  func listTags(_ call: QueueCall) throws(QueueFault) -> Result {
    let tags = try queue(call).tags
    return tags.isEmpty ? [] : [.init("Tags", .map(tags))]
  }
}
