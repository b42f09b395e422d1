/// Text of unknown origin, made fit for one line of a terminal.
extension String {
  /// Without what would move the cursor, change colours or reverse the line: control characters and the like
  /// become U+FFFD.
  var printable: String {
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse:
        // The joiner only ties emoji together.
        result.append(scalar == "\u{200D}" ? scalar : "\u{FFFD}")
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// Terminal cells that the text takes.
  var cells: Int { reduce(0) { $0 + $1.cells } }

  /// The text in exactly `width` cells: cut with an ellipsis, or filled with blanks.
  func fitted(to width: Int, alignedRight: Bool = false) -> String {
    let text = shortened(to: width)
    let blanks = String(repeating: " ", count: max(0, width - text.cells))
    return alignedRight ? blanks + text : text + blanks
  }

  /// The text in at most `width` cells, cut with an ellipsis.
  func shortened(to width: Int) -> String {
    guard cells > width else { return self }
    var result = ""
    var used = 1
    for character in self {
      used += character.cells
      if used > width { break }
      result.append(character)
    }
    return width > 0 ? result + "…" : ""
  }

  /// The text without blanks at its end.
  var trimmed: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}

extension Character {
  /// 2 for East Asian wide characters and emoji, else 1. Marks belong to their base.
  fileprivate var cells: Int {
    guard let scalar = unicodeScalars.first else { return 0 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return 0
    default: break
    }
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1FAFF, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }
}

/// Colours of the terminal, or none.
struct TerminalStyle {
  var isColored: Bool

  func colored(_ text: String, _ status: Status) -> String {
    switch status {
    case .ok: code("32", text)
    case .error: code("33", text)
    case .throttle: code("35", text)
    case .fault: code("31;1", text)
    case .inProgress: code("36", text)
    }
  }
  func bold(_ text: String) -> String { code("1", text) }
  func dim(_ text: String) -> String { code("2", text) }

  private func code(_ code: String, _ text: String) -> String {
    isColored && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
