import EventSources
import QueryProtocol

/// The parameters that several actions have.
extension QueryForm {
  /// A text that has to be there.
  func required(_ key: String) throws(TopicError) -> String {
    guard let text = self[key] else { throw .invalid("\(path(to: key)) must be there") }
    return text
  }

  /// The ARN of a topic, be it there or not.
  func topicARN(_ key: String = "TopicArn") throws(TopicError) -> String {
    let text = try required(key)
    guard let arn = ARN(text), arn.service == "sns", !arn.resource.contains(":") else {
      throw .invalid(key, "An ARN must have at least 6 elements, not \(text.quoted)")
    }
    return text
  }

  /// A map of attributes.
  func attributes() throws(TopicError) -> [String: String] {
    do throws(QueryFormError) { return try map("Attributes") } catch { throw .invalid("Attributes", "\(error)") }
  }

  /// SNS: tags of a topic, and characters of their keys and values.
  static var tagLimit: Int { 50 }

  /// The parameter `Tags`.
  func tags() throws(TopicError) -> [String: String] {
    var tags: [String: String] = [:]
    for tag in elements(of: "Tags") {
      guard let key = tag["Key"], key.unicodeScalars.count <= 128, !key.lowercased().hasPrefix("aws:") else {
        throw .invalid("Tags", "A key has 1 to 128 characters, and does not begin with aws:")
      }
      let value = tag["Value"] ?? ""
      guard value.unicodeScalars.count <= 256 else { throw .invalid("Tags", "A value has at most 256 characters") }
      guard tags.updateValue(value, forKey: key) == nil else {
        throw .invalid("Tags", "Duplicated keys are not allowed")
      }
    }
    guard tags.count <= Self.tagLimit else {
      throw TopicError(.tagLimitExceeded, "Could not complete request: tag quota of per resource exceeded")
    }
    return tags
  }
}

extension String {
  /// `true` or `false`, in any case of letters.
  var flag: Bool? { Bool(lowercased()) }
}

/// A part of a list that is answered in parts of 100, in the order of the elements' keys.
///
/// A token is the key of the last element before it: what is made or deleted meanwhile shifts nothing.
struct TopicPage: Sendable {
  private static let size = 100
  private let token: String?

  init(_ form: QueryForm) throws(TopicError) {
    token = form["NextToken"]
    if let token, token.utf8.count > 400 { throw .invalid("NextToken") }
  }

  func write<Element>(
    _ name: String, of elements: [Element], by key: (Element) -> String, to xml: inout XMLWriter,
    _ write: (inout XMLWriter, Element) -> Void
  ) {
    let rest = elements.map { (key: key($0), element: $0) }.sorted { $0.key < $1.key }
      .filter { element in token.map { $0 < element.key } ?? true }
    let part = rest.prefix(Self.size)
    xml.list(name, part.map(\.element), write)
    if part.count < rest.count, let last = part.last { xml.element("NextToken", last.key) }
  }
}
