import XRayModel

// The canonical text: one blank between words, keywords in lower case and operators in upper case, parentheses only
// where they matter.

extension Node: CustomStringConvertible {
  var description: String {
    switch self {
    case .all(let nodes): nodes.map { $0.text(isGrouped: $0.isAny) }.joined(separator: " AND ")
    case .any(let nodes): nodes.map(\.description).joined(separator: " OR ")
    case .not(let node): "!" + node.text(isGrouped: node.isAny || node.isAll)
    case .term(let term): term.description
    }
  }

  private func text(isGrouped: Bool) -> String { isGrouped ? "(\(self))" : description }
  private var isAny: Bool { if case .any = self { true } else { false } }
  private var isAll: Bool { if case .all = self { true } else { false } }
}

extension Term: CustomStringConvertible {
  var description: String {
    switch self {
    case .keyword(let keyword, let comparison): keyword.rawValue + (comparison?.text ?? "")
    case .annotation(let key, let comparison): key.description + (comparison?.text ?? "")
    case .service(let selector, let conditions):
      "service(\(selector.isAny ? "" : selector.description))" + braces(conditions)
    case .edge(let source, let target, let conditions):
      (source.isAny && target.isAny ? "edge" : "edge(\(source), \(target))") + braces(conditions)
    case .rootCause(let kind, let element, let conditions):
      "rootcause.\(kind.rawValue).\(element.rawValue)" + braces(conditions)
    case .rootCauseJSON(let pattern, let isEqual): "rootcause.json \(isEqual ? "=" : "!=") #\(pattern.rendered())"
    case .group(.name(let name), let isEqual): "group.name \(isEqual ? "=" : "!=") \(name.quoted)"
    case .group(.arn(let arn), let isEqual): "group.arn \(isEqual ? "=" : "!=") \(arn.quoted)"
    }
  }

  private func braces(_ conditions: Node?) -> String { conditions.map { " { \($0) }" } ?? "" }
}

extension Comparison {
  fileprivate var text: String { " \(comparator.rawValue) \(value)" }
}

extension Comparison.Value: CustomStringConvertible {
  var description: String {
    switch self {
    case .text(let text): text.quoted
    case .number(let number): JSONNumber(number).text
    case .flag(let flag): flag ? "true" : "false"
    }
  }
}

extension ServiceSelector: CustomStringConvertible {
  var description: String {
    if let name, type == nil, accountID == nil { return name.quoted }
    let parts = [("name", name), ("type", type), ("account.id", accountID)]
    return "id(" + parts.compactMap { key, value in value.map { "\(key): \($0.quoted)" } }.joined(separator: ", ") + ")"
  }
}

extension AnnotationKey: CustomStringConvertible {
  /// As it is written in an expression.
  public var description: String {
    let head = owner.rawValue + "annotation"
    if name.utf8.allSatisfy(\.isPlainKeyByte) { return "\(head).\(name)" }
    return name.utf8.allSatisfy { $0.isPlainKeyByte || $0 == 0x2E || $0 == 0x3A }
      ? "\(head)[\(name)]" : "\(head)[\(name.quoted)]"
  }
}

extension UInt8 {
  /// Whether it may stand in a key that is written without brackets: an ASCII letter, a digit or `_`.
  var isPlainKeyByte: Bool {
    switch self {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
    default: false
    }
  }
}

extension String {
  /// The text as a string of an expression.
  var quoted: String {
    var text = "\""
    for scalar in unicodeScalars {
      if scalar == "\"" || scalar == "\\" { text.unicodeScalars.append("\\") }
      text.unicodeScalars.append(scalar)
    }
    return text + "\""
  }
}
