public import XRayModel

/// Why kept topics could not be read.
public struct TopicDamage: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, and where.
  public var detail: String
  /// For people.
  public var description: String { "damaged topics: \(detail)" }
}

extension TopicRecords {
  /// Writes everything as one JSON object, in an order that depends on nothing else.
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("version", 1)
      json.member("account", account)
      json.member("region", region)
      json.key("topics")
      json.array { json in for topic in topics.values.sorted(by: { $0.name < $1.name }) { topic.write(to: &json) } }
      json.key("subscriptions")
      json.array { json in
        for subscription in subscriptions.values.sorted(by: { $0.id < $1.id }) { subscription.write(to: &json) }
      }
    }
  }

  /// Reads what ``write(to:)`` wrote.
  ///
  /// - Throws: For anything that is not whole: nothing is left out silently.
  public init(json: JSONValue) throws(TopicDamage) {
    guard json["version"]?.number?.integer == 1 else { throw TopicDamage(detail: "version is not 1") }
    self.init(account: try json.text("account"), region: try json.text("region"))
    for value in try json.elements("topics") {
      let topic = try Topic(json: value)
      guard topics.updateValue(topic, forKey: topic.name) == nil else {
        throw TopicDamage(detail: "topic \(topic.name) is there twice")
      }
    }
    for value in try json.elements("subscriptions") {
      let subscription = try TopicSubscription(json: value)
      guard topics[subscription.topic] != nil else {
        throw TopicDamage(detail: "subscription \(subscription.id) is of a topic that does not exist")
      }
      guard subscriptions.updateValue(subscription, forKey: subscription.id) == nil else {
        throw TopicDamage(detail: "subscription \(subscription.id) is there twice")
      }
    }
  }
}

extension Topic {
  fileprivate func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("name", name)
      json.texts("attributes", attributes)
      json.texts("tags", tags)
    }
  }

  fileprivate init(json: JSONValue) throws(TopicDamage) {
    self.init(name: try json.text("name"))
    attributes = try json.texts("attributes")
    tags = try json.texts("tags")
  }
}

extension TopicSubscription {
  fileprivate func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("id", id)
      json.member("topic", topic)
      json.member("protocol", target.rawValue)
      json.member("endpoint", endpoint)
      json.member("raw", isRaw)
      if let filter {
        json.member("filter", filter.text)
        json.member("scope", filter.scope.rawValue)
      }
    }
  }

  fileprivate init(json: JSONValue) throws(TopicDamage) {
    guard let target = Target(rawValue: try json.text("protocol")), let isRaw = json["raw"]?.bool else {
      throw TopicDamage(detail: "protocol or raw of a subscription")
    }
    self.init(
      id: try json.text("id"), topic: try json.text("topic"), target: target, endpoint: try json.text("endpoint"))
    self.isRaw = isRaw
    guard json["filter"] != nil else { return }
    guard let scope = FilterPolicy.Scope(rawValue: try json.text("scope")) else {
      throw TopicDamage(detail: "scope of the subscription \(id)")
    }
    let text = try json.text("filter")
    do throws(EventPatternError) { filter = try FilterPolicy(parsing: text, scope: scope) } catch {
      throw TopicDamage(detail: "filter of the subscription \(id): \(error)")
    }
  }
}

extension JSONValue {
  fileprivate func text(_ key: String) throws(TopicDamage) -> String {
    guard let text = self[key]?.string, !text.isEmpty else { throw TopicDamage(detail: "\(key) is missing") }
    return text
  }

  fileprivate func texts(_ key: String) throws(TopicDamage) -> [String: String] {
    guard let members = self[key]?.object?.members else { throw TopicDamage(detail: "\(key) is missing") }
    var texts: [String: String] = [:]
    for member in members {
      guard let text = member.value.string else { throw TopicDamage(detail: "\(key).\(member.key) is no text") }
      texts[member.key] = text
    }
    return texts
  }

  fileprivate func elements(_ key: String) throws(TopicDamage) -> [JSONValue] {
    guard let elements = self[key]?.array else { throw TopicDamage(detail: "\(key) is missing") }
    return elements
  }
}
