import QueryProtocol

/// What a call asks for: the parameter `Action`.
enum TopicAction: String, CaseIterable, Sendable {
  case createTopic = "CreateTopic"
  case deleteTopic = "DeleteTopic"
  case getSubscriptionAttributes = "GetSubscriptionAttributes"
  case getTopicAttributes = "GetTopicAttributes"
  case listSubscriptions = "ListSubscriptions"
  case listSubscriptionsByTopic = "ListSubscriptionsByTopic"
  case listTagsForResource = "ListTagsForResource"
  case listTopics = "ListTopics"
  case publish = "Publish"
  case publishBatch = "PublishBatch"
  case setSubscriptionAttributes = "SetSubscriptionAttributes"
  case setTopicAttributes = "SetTopicAttributes"
  case subscribe = "Subscribe"
  case tagResource = "TagResource"
  case unsubscribe = "Unsubscribe"
  case untagResource = "UntagResource"

  /// Reads the parameters `Action` and `Version`.
  ///
  /// - Throws: `MissingAction`; `InvalidAction` for an action, or a version of it, that is not here.
  init(_ form: QueryForm) throws(TopicError) {
    guard let name = form["Action"] else {
      throw TopicError(.missingAction, "The request must contain the parameter Action")
    }
    guard let action = TopicAction(rawValue: name), form["Version"] == TopicAPI.version else {
      let version = form["Version"].map(\.quoted) ?? "NO_VERSION_SPECIFIED"
      throw TopicError(.invalidAction, "Could not find operation \(name.quoted) for version \(version)")
    }
    self = action
  }
}
