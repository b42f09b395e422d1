/// Writes XML elements with text. Names come from this target and are trusted; texts come from anywhere.
struct XMLWriter: Sendable {
  private(set) var bytes: [UInt8] = []

  mutating func element(_ name: String, _ text: String) {
    open(name)
    append(text)
    close(name)
  }

  mutating func element(_ name: String, _ value: Int) { element(name, String(value)) }
  mutating func element(_ name: String, _ value: Bool) { element(name, value ? "true" : "false") }

  mutating func element(_ name: String, namespace: String? = nil, _ content: (inout XMLWriter) -> Void) {
    open(name, namespace: namespace)
    content(&self)
    close(name)
  }

  /// An element whose content is written already.
  mutating func element(_ name: String, containing content: XMLWriter) {
    element(name) { $0.bytes.append(contentsOf: content.bytes) }
  }

  /// A list in the form of the query API: `<name><member>…</member>…</name>`.
  mutating func list<Element>(_ name: String, _ elements: [Element], _ write: (inout XMLWriter, Element) -> Void) {
    element(name) { xml in
      for element in elements { xml.element("member") { write(&$0, element) } }
    }
  }

  private mutating func open(_ name: String, namespace: String? = nil) {
    bytes.append(contentsOf: "<\(name)".utf8)
    if let namespace { bytes.append(contentsOf: " xmlns=\"\(namespace)\"".utf8) }
    bytes.append(UInt8(ascii: ">"))
  }

  private mutating func close(_ name: String) { bytes.append(contentsOf: "</\(name)>".utf8) }

  /// The content of the element that is being written.
  mutating func append(_ text: String) {
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": bytes.append(contentsOf: "&amp;".utf8)
      case "<": bytes.append(contentsOf: "&lt;".utf8)
      case ">": bytes.append(contentsOf: "&gt;".utf8)
      // A parser would make a line feed of it.
      case "\r": bytes.append(contentsOf: "&#xD;".utf8)
      // XML 1.0 has no way to write these.
      case "\0"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}":
        bytes.append(contentsOf: "\u{FFFD}".utf8)
      default: bytes.append(contentsOf: scalar.utf8)
      }
    }
  }
}
