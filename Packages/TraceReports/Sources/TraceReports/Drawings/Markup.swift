/// Writes HTML and SVG. Elements always close and text is always escaped: whatever is not the program's own goes
/// through ``text(_:)`` or an attribute.
struct Markup {
  private(set) var string = ""

  /// Attributes that are `nil` are left out; empty ones stand by their name alone in HTML's sense.
  mutating func element(
    _ name: String, _ attributes: KeyValuePairs<String, String?> = [:], _ content: (inout Markup) -> Void
  ) {
    open(name, attributes)
    string += ">"
    content(&self)
    string += "</\(name)>"
  }

  /// An element that holds text.
  mutating func element(_ name: String, _ attributes: KeyValuePairs<String, String?> = [:], text: String) {
    element(name, attributes) { $0.text(text) }
  }

  /// An element without content: a shape of SVG, a void element of HTML.
  mutating func empty(_ name: String, _ attributes: KeyValuePairs<String, String?> = [:]) {
    open(name, attributes)
    string += "/>"
  }

  mutating func text(_ text: String) { string += Self.escaped(text) }

  /// Markup that is known to be whole: the program's own, or made by another ``Markup``.
  mutating func verbatim(_ markup: String) { string += markup }

  private mutating func open(_ name: String, _ attributes: KeyValuePairs<String, String?>) {
    string += "<\(name)"
    for (key, value) in attributes {
      if let value { string += " \(key)=\"\(Self.escaped(value))\"" }
    }
  }

  /// Text for content and for quoted attributes. What XML cannot hold at all becomes U+FFFD.
  static func escaped(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\t", "\n", "\r": result.unicodeScalars.append(scalar)
      case "\0"..<" ", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// JSON for a `script` element: no `<`, `>`, `&` or line separator stays, so nothing in it can end the element.
  static func inert(json: String) -> String {
    var result = ""
    result.reserveCapacity(json.utf8.count)
    for scalar in json.unicodeScalars {
      switch scalar {
      case "<": result += "\\u003c"
      case ">": result += "\\u003e"
      case "&": result += "\\u0026"
      case "\u{2028}": result += "\\u2028"
      case "\u{2029}": result += "\\u2029"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
