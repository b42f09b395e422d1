import EventSources
import XRayModel

extension QueueAPI {
  typealias Result = [JSONObject.Member]
  typealias Operation = @Sendable (QueueAPI, QueueCall) async throws(QueueFault) -> Result

  static let operations: [String: Operation] = [
    "CreateQueue": { api, call throws(QueueFault) in try api.createQueue(call) },
    "GetQueueUrl": { api, call throws(QueueFault) in try api.queueURL(call) },
    "ListQueues": { api, call throws(QueueFault) in try api.listQueues(call) },
    "DeleteQueue": { api, call throws(QueueFault) in try api.deleteQueue(call) },
    "GetQueueAttributes": { api, call throws(QueueFault) in try api.queueAttributes(call) },
    "SetQueueAttributes": { api, call throws(QueueFault) in try api.setQueueAttributes(call) },
    "PurgeQueue": { api, call throws(QueueFault) in try api.purgeQueue(call) },
    "TagQueue": { api, call throws(QueueFault) in try api.tagQueue(call) },
    "UntagQueue": { api, call throws(QueueFault) in try api.untagQueue(call) },
    "ListQueueTags": { api, call throws(QueueFault) in try api.listTags(call) },
    "ListDeadLetterSourceQueues": { api, call throws(QueueFault) in try api.listDeadLetterSources(call) },
    "SendMessage": { api, call throws(QueueFault) in try api.sendMessage(call) },
    "SendMessageBatch": { api, call throws(QueueFault) in try api.sendMessages(call) },
    "ReceiveMessage": { api, call throws(QueueFault) in try await api.receiveMessages(call) },
    "DeleteMessage": { api, call throws(QueueFault) in try api.deleteMessage(call) },
    "DeleteMessageBatch": { api, call throws(QueueFault) in try api.deleteMessages(call) },
    "ChangeMessageVisibility": { api, call throws(QueueFault) in try api.changeVisibility(call) },
    "ChangeMessageVisibilityBatch": { api, call throws(QueueFault) in try api.changeVisibilities(call) },
  ]

  /// Operations of SQS that are not there.
  static let unsupported: Set<String> = [
    "AddPermission", "RemovePermission", "StartMessageMoveTask", "CancelMessageMoveTask", "ListMessageMoveTasks",
  ]

  /// The queue that `QueueUrl` names, or the URL of the call itself.
  func queue(_ call: QueueCall) throws(QueueFault) -> EventQueue {
    let url = try call.input.text("QueueUrl")
    guard url != nil || call.path != nil else { throw .missing("QueueUrl") }
    let path = if let url { QueuePath(url) } else { call.path }
    guard let path, path.account == registry.account, let queue = registry.queue(named: path.name) else {
      throw Self.noQueue
    }
    return queue
  }

  static let noQueue = QueueFault(.queueDoesNotExist, "The specified queue does not exist.")

  func url(of queue: EventQueue, _ call: QueueCall) -> String {
    "http://\(call.host)/\(registry.account)/\(queue.name)"
  }
}

extension JSONObject.Member {
  init(_ key: String, _ value: String) { self.init(key: key, value: .string(value)) }
  init(_ key: String, _ value: JSONValue) { self.init(key: key, value: value) }
}

extension JSONValue {
  /// A map, by name.
  static func map(_ texts: [String: String]) -> JSONValue {
    .object(JSONObject(texts.sorted { $0.key < $1.key }.map { JSONObject.Member($0.key, $0.value) }))
  }
}
