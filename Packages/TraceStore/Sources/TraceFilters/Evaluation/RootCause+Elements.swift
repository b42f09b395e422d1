import Traces
import XRayModel

extension RootCause {
  /// A service, an entity or an exception on the path, with its place among those of its kind.
  struct Element {
    var name: String
    var type: String?
    var message: String?
    var isInferred = false
    var isRemote = false
    var coverage: Double?
    var index = 0
    var isLast = false
  }

  /// The elements along the whole path, in its order.
  func elements(_ kind: RootCauseElement) -> [Element] {
    var elements: [Element] =
      switch kind {
      case .service: services.map { Element(name: $0.id.name, type: $0.id.type, isInferred: $0.isInferred) }
      case .entity:
        services.flatMap(\.path).map { Element(name: $0.name, isRemote: $0.isRemote, coverage: $0.coverage) }
      case .exception:
        services.flatMap(\.path).flatMap(\.exceptions).map { Element(name: $0.name, message: $0.message) }
      }
    for index in elements.indices { elements[index].index = index }
    if !elements.isEmpty { elements[elements.count - 1].isLast = true }
    return elements
  }
}

extension RootCause.Element: FilterValues {
  func flag(_ keyword: Keyword) -> Bool? {
    switch keyword {
    case .first: index == 0
    case .last: isLast
    case .inferred: isInferred
    case .remote: isRemote
    default: nil
    }
  }

  func number(_ keyword: Keyword) -> Double? {
    switch keyword {
    case .index: Double(index)
    case .coverage: coverage
    default: nil
    }
  }

  func hasText(_ keyword: Keyword, where test: (String) -> Bool) -> Bool {
    switch keyword {
    case .name: test(name)
    case .type: type.map(test) ?? false
    case .message: message.map(test) ?? false
    default: false
    }
  }

  func hasAnnotation(_ key: AnnotationKey, where test: (AnnotationValue) -> Bool) -> Bool { false }
}

extension RootCause {
  /// As X-Ray's summaries write it.
  var json: JSONValue {
    ["Services": .array(services.map(\.json)), "ClientImpacting": .bool(isClientImpacting)]
  }
}

extension RootCause.Service {
  fileprivate var json: JSONValue {
    [
      "Name": .string(id.name), "Names": [.string(id.name)], "Type": id.type.map(JSONValue.string) ?? nil,
      "AccountId": id.accountID.map(JSONValue.string) ?? nil, "Inferred": .bool(isInferred),
      "EntityPath": .array(path.map(\.json)),
    ]
  }
}

extension RootCause.PathEntity {
  fileprivate var json: JSONValue {
    let exceptions = exceptions.map { ["Name": .string($0.name), "Message": .string($0.message)] as JSONValue }
    return [
      "Name": .string(name), "Remote": .bool(isRemote), "Exceptions": .array(exceptions),
      "Coverage": coverage.map { .number(JSONNumber($0)) } ?? nil,
    ]
  }
}

extension JSONValue {
  /// Whether `value` has everything that this pattern names. Members left out may be anything; a list must have as
  /// many elements as the pattern's.
  func describes(_ value: JSONValue) -> Bool {
    switch (self, value) {
    case (.object(let pattern), .object(let object)):
      pattern.members.allSatisfy { $0.value.describes(object[$0.key] ?? .null) }
    case (.array(let patterns), .array(let elements)):
      patterns.count == elements.count && zip(patterns, elements).allSatisfy { $0.describes($1) }
    case (.number(let pattern), .number(let number)): pattern.double == number.double
    default: self == value
    }
  }
}
