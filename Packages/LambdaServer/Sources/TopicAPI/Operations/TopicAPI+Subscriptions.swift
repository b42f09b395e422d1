import EventSources
import QueryProtocol

extension TopicAPI {
  /// Ours: subscriptions of an account.
  static let subscriptionLimit = 1000

  func subscribe(_ form: QueryForm, _ xml: inout XMLWriter) throws(TopicError) {
    let arn = try form.topicARN()
    let name = try form.required("Protocol")
    guard let target = TopicSubscription.Target(rawValue: name) else {
      throw .invalid("Protocol", "\(name.quoted) is not emulated: nothing but sqs and lambda can be delivered to here")
    }
    let endpoint = try form.required("Endpoint")
    let attributes = try form.attributes()
    let id = random.requestID()
    let subscriptionARN = try change { records throws(TopicError) in
      let topic = try records.existingTopic(arn)
      try Self.check(endpoint, target, of: topic)
      var subscription = TopicSubscription(id: id, topic: topic.name, target: target, endpoint: endpoint)
      try Self.set(&subscription, attributes)
      let present = records.subscriptions(ofTopic: topic.name).first { $0.target == target && $0.endpoint == endpoint }
      if let present {
        guard (present.isRaw, present.filter) == (subscription.isRaw, subscription.filter) || attributes.isEmpty else {
          throw .invalid("Attributes", "Subscription already exists with different attributes")
        }
        return records.arn(of: present)
      }
      guard records.subscriptions.count < Self.subscriptionLimit else {
        throw TopicError(.subscriptionLimitExceeded, "There are \(Self.subscriptionLimit) subscriptions.")
      }
      records.put(subscription)
      return records.arn(of: subscription)
    }
    xml.element("SubscriptionArn", subscriptionARN)
  }

  private static func check(
    _ endpoint: String, _ target: TopicSubscription.Target, of topic: Topic
  ) throws(TopicError) {
    guard let arn = ARN(endpoint), arn.service == target.rawValue, endpoint.utf8.count <= 350 else {
      throw .invalid("Endpoint", "\(target == .queue ? "SQS" : "Lambda") endpoint ARN")
    }
    let isFIFO = endpoint.hasSuffix(".fifo")
    switch target {
    case .queue:
      guard topic.isFIFO || !isFIFO else {
        throw .invalid("Endpoint", "FIFO SQS Queues can not be subscribed to standard SNS topics")
      }
    case .function:
      guard arn.resource.hasPrefix("function:") else { throw .invalid("Endpoint", "Lambda endpoint ARN") }
      guard !topic.isFIFO else { throw .invalid("Endpoint", "FIFO topics deliver to SQS queues only") }
    }
  }

  /// Sets attributes together: what a filter policy means depends on its scope.
  private static func set(_ subscription: inout TopicSubscription, _ attributes: [String: String]) throws(TopicError) {
    for (name, value) in attributes {
      switch name {
      case "FilterPolicy", "FilterPolicyScope": break
      case "RawMessageDelivery":
        guard let flag = value.flag else { throw .invalid("Attributes", "RawMessageDelivery: must be true or false") }
        guard !flag || subscription.target == .queue else {
          throw .invalid("Attributes", "RawMessageDelivery: functions get no raw messages")
        }
        subscription.isRaw = flag
      default: throw .invalid("AttributeName", "\(name.quoted) is not emulated")
      }
    }
    guard attributes["FilterPolicy"] != nil || attributes["FilterPolicyScope"] != nil else { return }
    guard
      let scope = attributes["FilterPolicyScope"].map(FilterPolicy.Scope.init) ?? subscription.filter?.scope
        ?? .attributes
    else { throw .invalid("Attributes", "FilterPolicyScope: must be MessageAttributes or MessageBody") }
    let text = attributes["FilterPolicy"] ?? subscription.filter?.text ?? ""
    guard !text.isEmpty, text != "{}" else {
      subscription.filter = nil
      return
    }
    do throws(EventPatternError) { subscription.filter = try FilterPolicy(parsing: text, scope: scope) } catch {
      throw .invalid("FilterPolicy: \(error)")
    }
  }

  func unsubscribe(_ form: QueryForm) throws(TopicError) {
    let arn = try form.required("SubscriptionArn")
    guard let name = ARN(arn), name.service == "sns", name.resource.split(separator: ":").count == 2 else {
      throw .invalid("SubscriptionArn", "An ARN must have at least 6 elements, not \(arn.quoted)")
    }
    // A subscription that is gone may be ended again.
    try change { records throws(TopicError) in
      if let subscription = records.subscription(arn) { records.removeSubscription(subscription.id) }
    }
  }

  func listSubscriptions(_ form: QueryForm, _ xml: inout XMLWriter) throws(TopicError) {
    let records = registry.current
    try write(Array(records.subscriptions.values), of: records, form, &xml)
  }

  func listSubscriptionsByTopic(_ form: QueryForm, _ xml: inout XMLWriter) throws(TopicError) {
    let records = registry.current
    let topic = try records.existingTopic(try form.topicARN())
    try write(records.subscriptions(ofTopic: topic.name), of: records, form, &xml)
  }

  private func write(
    _ subscriptions: [TopicSubscription], of records: TopicRecords, _ form: QueryForm, _ xml: inout XMLWriter
  ) throws(TopicError) {
    try TopicPage(form).write("Subscriptions", of: subscriptions, by: \.id, to: &xml) { xml, subscription in
      xml.element("SubscriptionArn", records.arn(of: subscription))
      xml.element("Owner", records.account)
      xml.element("Protocol", subscription.target.rawValue)
      xml.element("Endpoint", subscription.endpoint)
      xml.element("TopicArn", records.arn(ofTopic: subscription.topic))
    }
  }

  func getSubscriptionAttributes(_ form: QueryForm, _ xml: inout XMLWriter) throws(TopicError) {
    let records = registry.current
    guard let subscription = records.subscription(try form.required("SubscriptionArn")) else { throw .noSubscription }
    var attributes = [
      "SubscriptionArn": records.arn(of: subscription), "TopicArn": records.arn(ofTopic: subscription.topic),
      "Owner": records.account, "Protocol": subscription.target.rawValue, "Endpoint": subscription.endpoint,
      "ConfirmationWasAuthenticated": "true", "PendingConfirmation": "false",
      "RawMessageDelivery": subscription.isRaw ? "true" : "false",
      "SubscriptionPrincipal": "arn:aws:iam::\(records.account):root",
    ]
    if let filter = subscription.filter {
      attributes["FilterPolicy"] = filter.text
      attributes["FilterPolicyScope"] = filter.scope.rawValue
    }
    xml.map("Attributes", attributes)
  }

  func setSubscriptionAttributes(_ form: QueryForm) throws(TopicError) {
    let arn = try form.required("SubscriptionArn")
    let name = try form.required("AttributeName")
    try change { records throws(TopicError) in
      guard var subscription = records.subscription(arn) else { throw .noSubscription }
      try Self.set(&subscription, [name: form["AttributeValue"] ?? ""])
      records.put(subscription)
    }
  }
}
