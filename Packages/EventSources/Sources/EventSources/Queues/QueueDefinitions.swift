public import XRayModel

/// A queue without its messages.
public struct QueueDefinition: Hashable, Sendable {
  public var name: String
  public var settings: QueueSettings
  public var tags: [String: String]
  public var created: Timestamp
  /// When settings were changed last.
  public var modified: Timestamp
}

/// The queues of an account without their messages: a value, which the owner keeps where it likes.
public struct QueueDefinitions: Hashable, Sendable {
  /// By name.
  public internal(set) var queues: [QueueDefinition] = []

  /// No queues.
  public init() {}
}

/// Why kept queues could not be read.
public struct QueueDamage: Error, Hashable, CustomStringConvertible {
  public var detail: String
  public var description: String { "damaged queues: \(detail)" }
}

extension QueueDefinitions {
  /// Writes everything as one JSON object, in an order that depends on nothing else.
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("version", 1)
      json.key("queues")
      json.array { json in
        for queue in queues.sorted(by: { $0.name < $1.name }) {
          json.object { json in
            json.member("name", queue.name)
            json.member("created", queue.created)
            json.member("modified", queue.modified)
            json.texts("attributes", queue.settings.attributes)
            json.texts("tags", queue.tags)
          }
        }
      }
    }
  }

  /// Reads what ``write(to:)`` wrote.
  ///
  /// - Throws: For anything that is not whole: nothing is left out silently.
  public init(json: JSONValue) throws(QueueDamage) {
    guard json["version"]?.number?.integer == 1 else { throw QueueDamage(detail: "version is not 1") }
    guard let elements = json["queues"]?.array else { throw QueueDamage(detail: "queues is missing") }
    var names: Set<String> = []
    for element in elements {
      guard let name = element["name"]?.string, QueueRegistry.isName(name), names.insert(name).inserted,
        let created = element["created"]?.number?.double, let modified = element["modified"]?.number?.double
      else { throw QueueDamage(detail: "a queue's name or times") }
      var settings = QueueSettings(isOrdered: name.hasSuffix(".fifo"))
      do throws(QueueError) { try settings.apply(try element.texts("attributes", of: name)) } catch {
        throw QueueDamage(detail: "queue \(name): \(error.message)")
      }
      queues.append(
        QueueDefinition(
          name: name, settings: settings, tags: try element.tags(of: name), created: Timestamp(seconds: created),
          modified: Timestamp(seconds: modified)))
    }
  }
}

extension JSONValue {
  fileprivate func texts(_ key: String, of name: String) throws(QueueError) -> [String: String] {
    guard let members = self[key]?.object?.members else { throw QueueError(.internalFailure, "\(key) is missing") }
    var texts: [String: String] = [:]
    for member in members {
      guard let text = member.value.string else {
        throw QueueError(.internalFailure, "\(key).\(member.key) is no text")
      }
      texts[member.key] = text
    }
    return texts
  }

  fileprivate func tags(of name: String) throws(QueueDamage) -> [String: String] {
    do throws(QueueError) { return try texts("tags", of: name) } catch {
      throw QueueDamage(detail: "queue \(name): \(error.message)")
    }
  }
}
