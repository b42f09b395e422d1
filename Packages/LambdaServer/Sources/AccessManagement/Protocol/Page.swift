import QueryProtocol

/// A part of a list that is answered in parts.
///
/// A marker is the key of the last element before it: what is made or deleted meanwhile shifts nothing.
struct Page: Sendable {
  private let marker: String?
  private let size: Int

  /// - Throws: `ValidationError` for a `MaxItems` outside 1 to 1000.
  init(_ form: QueryForm) throws(IAMError) {
    marker = try form.optional("Marker", limit: 2048)
    size = try form.integer("MaxItems", in: 1...1000) ?? 100
  }

  /// Writes the elements of the page, in the order of their keys, and whether more follow.
  func write<Element>(
    _ name: String, of elements: [Element], by key: (Element) -> String, to xml: inout XMLWriter,
    _ write: (inout XMLWriter, Element) -> Void
  ) {
    let rest = elements.map { (key: key($0), element: $0) }.sorted { $0.key < $1.key }
      .filter { element in marker.map { $0 < element.key } ?? true }
    let part = rest.prefix(size)
    xml.element(name) { xml in
      for (_, element) in part { xml.element("member") { write(&$0, element) } }
    }
    let isTruncated = part.count < rest.count
    xml.element("IsTruncated", isTruncated)
    if isTruncated, let last = part.last { xml.element("Marker", last.key) }
  }

  /// Writes a page of texts, each its own key.
  func write(_ name: String, texts: [String], to xml: inout XMLWriter) {
    write(name, of: texts, by: \.self, to: &xml) { $0.append($1) }
  }
}
