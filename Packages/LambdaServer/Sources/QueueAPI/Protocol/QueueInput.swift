import XRayModel

/// The members of a request, or of an object within it, read by name, type and bounds. A `null` counts as absent,
/// members that nobody asks for are passed over.
struct QueueInput: Sendable {
  private let object: JSONObject

  init(_ object: JSONObject) { self.object = object }

  /// - Parameter body: A JSON object; nothing at all stands for an empty one.
  init(_ body: [UInt8]) throws(QueueFault) {
    let value: JSONValue
    do throws(JSONError) {
      value = body.isEmpty ? [:] : try JSONValue(parsing: body.span)
    } catch {
      throw QueueFault(.serialization, "The request is no JSON: \(error)")
    }
    guard let object = value.object else { throw QueueFault(.serialization, "The request is no JSON object.") }
    self.init(object)
  }

  private func value(_ name: String) -> JSONValue? {
    switch object[name] {
    case nil, .null: nil
    case let value?: value
    }
  }

  func text(_ name: String) throws(QueueFault) -> String? {
    guard let value = value(name) else { return nil }
    guard let text = value.string else { throw wrongType(name, "a string") }
    return text
  }

  /// A text that has to be there and say something.
  func required(_ name: String) throws(QueueFault) -> String {
    guard let text = try text(name), !text.isEmpty else { throw .missing(name) }
    return text
  }

  func integer(_ name: String, _ bounds: ClosedRange<Int>) throws(QueueFault) -> Int? {
    guard let value = value(name) else { return nil }
    guard let number = value.number?.integer else { throw wrongType(name, "a whole number") }
    guard bounds.contains(number) else {
      throw .invalid(
        "Value \(number) for parameter \(name) is invalid. "
          + "Reason: Must be between \(bounds.lowerBound) and \(bounds.upperBound), if provided.")
    }
    return number
  }

  func texts(_ name: String) throws(QueueFault) -> [String]? {
    guard let value = value(name) else { return nil }
    guard let elements = value.array else { throw wrongType(name, "a list of strings") }
    var texts: [String] = []
    for element in elements {
      guard let text = element.string else { throw wrongType(name, "a list of strings") }
      texts.append(text)
    }
    return texts
  }

  /// A map of texts; empty when it is absent.
  func map(_ name: String) throws(QueueFault) -> [String: String] {
    guard let value = value(name) else { return [:] }
    guard let members = value.object?.members else { throw wrongType(name, "a map of strings") }
    var map: [String: String] = [:]
    for member in members {
      guard let text = member.value.string else { throw wrongType(name, "a map of strings") }
      map[member.key] = text
    }
    return map
  }

  /// A map of objects; empty when it is absent.
  func objects(_ name: String) throws(QueueFault) -> [String: QueueInput] {
    guard let value = value(name) else { return [:] }
    guard let members = value.object?.members else { throw wrongType(name, "a map") }
    var map: [String: QueueInput] = [:]
    for member in members {
      guard let object = member.value.object else { throw wrongType(name, "a map of objects") }
      map[member.key] = QueueInput(object)
    }
    return map
  }

  /// A list of objects; empty when it is absent.
  func list(_ name: String) throws(QueueFault) -> [QueueInput] {
    guard let value = value(name) else { return [] }
    guard let elements = value.array else { throw wrongType(name, "a list") }
    var list: [QueueInput] = []
    for element in elements {
      guard let object = element.object else { throw wrongType(name, "a list of objects") }
      list.append(QueueInput(object))
    }
    return list
  }

  private func wrongType(_ name: String, _ type: String) -> QueueFault {
    QueueFault(.serialization, "\(name) must be \(type).")
  }
}
