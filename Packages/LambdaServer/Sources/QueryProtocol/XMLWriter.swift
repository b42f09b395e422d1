/// Writes XML elements with text. Names come from the service and are trusted; texts come from anywhere.
public struct XMLWriter: Sendable {
  /// What was written, in UTF-8.
  public private(set) var bytes: [UInt8] = []

  /// A writer that has written nothing.
  public init() {}

  /// An element with a text.
  public mutating func element(_ name: String, _ text: String) {
    open(name)
    append(text)
    close(name)
  }

  /// An element with a number.
  public mutating func element(_ name: String, _ value: Int) { element(name, String(value)) }
  /// An element with `true` or `false`.
  public mutating func element(_ name: String, _ value: Bool) { element(name, value ? "true" : "false") }

  /// An element with what `content` writes.
  public mutating func element(_ name: String, namespace: String? = nil, _ content: (inout XMLWriter) -> Void) {
    open(name, namespace: namespace)
    content(&self)
    close(name)
  }

  /// An element whose content is written already.
  public mutating func element(_ name: String, containing content: XMLWriter) {
    element(name) { $0.bytes.append(contentsOf: content.bytes) }
  }

  /// A list in the form of the query API: `<name><member>…</member>…</name>`.
  public mutating func list<Element>(
    _ name: String, _ elements: [Element], _ write: (inout XMLWriter, Element) -> Void
  ) {
    element(name) { xml in
      for element in elements { xml.element("member") { write(&$0, element) } }
    }
  }

  /// A map in the form of the query API: `<name><entry><key>…</key><value>…</value></entry>…</name>`, by key.
  public mutating func map(_ name: String, _ map: [String: String]) {
    element(name) { xml in
      for (key, value) in map.sorted(by: { $0.key < $1.key }) {
        xml.element("entry") { xml in
          xml.element("key", key)
          xml.element("value", value)
        }
      }
    }
  }

  private mutating func open(_ name: String, namespace: String? = nil) {
    bytes.append(contentsOf: "<\(name)".utf8)
    if let namespace { bytes.append(contentsOf: " xmlns=\"\(namespace)\"".utf8) }
    bytes.append(UInt8(ascii: ">"))
  }

  private mutating func close(_ name: String) { bytes.append(contentsOf: "</\(name)>".utf8) }

  /// The content of the element that is being written.
  public mutating func append(_ text: String) {
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
