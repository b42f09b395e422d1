import XRayModel

/// A stack trace as text, in the forms of Python, Java, JavaScript, .NET and our own export. Of a form that is not
/// known the lines are kept as they are.
struct StackTraceText {
  private let lines: [Substring]

  /// Lines of a text that are looked at.
  static let linesLimit = 2_000
  /// Exceptions of one chain of causes.
  static let chainLimit = 8

  init(_ text: String) {
    lines = text.split(maxSplits: Self.linesLimit, whereSeparator: \.isNewline)
      .prefix(Self.linesLimit).map { $0 }
  }

  /// `outermost` with its frames, and after it the exceptions that caused it.
  func exceptions(from outermost: CapturedException) -> [CapturedException] {
    if lines.contains(where: { $0.hasPrefix("Traceback (most recent call last)") || $0.hasPrefix("  File \"") }) {
      return pythonExceptions(from: outermost)
    }
    return tracedExceptions(from: outermost)
  }

  // MARK: Python

  /// A traceback has the innermost frame last, and the exceptions that came first before those they caused.
  private func pythonExceptions(from outermost: CapturedException) -> [CapturedException] {
    let parts = lines.split { line in
      line.hasPrefix("During handling of the above exception")
        || line.hasPrefix("The above exception was the direct cause")
    }
    return parts.reversed().prefix(Self.chainLimit).enumerated().map { index, part in
      var exception = index == 0 ? outermost : Self.named(part.last { !$0.hasPrefix(" ") } ?? "", like: outermost)
      exception.setStack(part.compactMap(Self.pythonFrame).reversed())
      return exception
    }
  }

  /// `  File "<path>", line <number>, in <label>`
  private static func pythonFrame(_ line: Substring) -> StackFrame? {
    let line = line.drop { $0 == " " }
    guard line.hasPrefix("File \""), let end = line.dropFirst(6).firstIndex(of: "\"") else { return nil }
    let path = String(line[line.index(line.startIndex, offsetBy: 6)..<end])
    let rest = line[end...].split(separator: ",", maxSplits: 2)
    let number = rest.count > 1 ? Int(rest[1].filter(\.isNumber)) : nil
    let label = rest.count > 2 && rest[2].hasPrefix(" in ") ? String(rest[2].dropFirst(4)) : nil
    return StackFrame(path: path, line: number, label: label)
  }

  // MARK: Everybody else

  private func tracedExceptions(from outermost: CapturedException) -> [CapturedException] {
    var chain: [(exception: CapturedException, frames: [StackFrame])] = [(outermost, [])]
    for line in lines {
      let text = line.drop { $0 == " " || $0 == "\t" }
      if text.hasPrefix("at ") {
        chain[chain.count - 1].frames.append(Self.frame(text.dropFirst(3)))
      } else if line.hasPrefix("Caused by: "), chain.count < Self.chainLimit {
        chain.append((Self.named(line.dropFirst(11), like: outermost), []))
      }
    }
    if chain.count == 1, chain[0].frames.isEmpty {
      chain[0].frames = lines.map { StackFrame(path: nil, line: nil, label: String($0)) }
    }
    return chain.map { exception, frames in
      var exception = exception
      exception.setStack(frames)
      return exception
    }
  }

  /// `label (path:line:column)`, `label(path:line)`, `path:line:column` or `label in path:line 12`.
  private static func frame(_ text: Substring) -> StackFrame {
    if let close = text.lastIndex(of: ")"), text.index(after: close) == text.endIndex,
      let open = text[..<close].lastIndex(of: "(")
    {
      let place = text[text.index(after: open)..<close]
      let label = text[..<open].trimmed
      // .NET puts the types of parameters there.
      if place.contains(where: { $0 == ":" || $0 == "." || $0 == "/" }) || !place.contains(" ") && !place.isEmpty {
        let (path, line) = located(place)
        return StackFrame(path: path, line: line, label: label.isEmpty ? nil : String(label))
      }
      return StackFrame(path: nil, line: nil, label: String(text))
    }
    if let colon = text.lastIndex(of: ":"), text[colon...].hasPrefix(":line "), let range = text.firstIn {
      return StackFrame(
        path: String(text[range.upperBound..<colon]), line: Int(text[colon...].dropFirst(6)),
        label: String(text[..<range.lowerBound]))
    }
    let (path, line) = located(text)
    return line == nil
      ? StackFrame(path: nil, line: nil, label: String(text)) : StackFrame(path: path, line: line, label: nil)
  }

  /// `path:line` or `path:line:column`; a drive letter or a scheme belongs to the path.
  private static func located(_ text: Substring) -> (path: String, line: Int?) {
    var path = text
    var numbers: [Int] = []
    while numbers.count < 2, let colon = path.lastIndex(of: ":"), let number = Int(path[path.index(after: colon)...]) {
      numbers.append(number)
      path = path[..<colon]
    }
    return (String(path), numbers.last)
  }

  /// An exception by its title, `Type: message`.
  private static func named(_ title: Substring, like other: CapturedException) -> CapturedException {
    let parts = title.split(separator: ":", maxSplits: 1)
    var exception = CapturedException(
      id: nil, message: parts.count > 1 ? String(parts[1].trimmed) : nil, type: parts.first.map { String($0.trimmed) })
    exception.isRemote = other.isRemote
    return exception
  }
}

extension CapturedException {
  /// Sets the first frames and counts the rest.
  fileprivate mutating func setStack(_ frames: some Collection<StackFrame>) {
    stack = Array(frames.prefix(IntakeOptions.framesLimit))
    truncated = frames.count > stack.count ? frames.count - stack.count : nil
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    var text = drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return text
  }

  /// Where the word `in` stands for itself.
  fileprivate var firstIn: Range<Index>? {
    var start = startIndex
    while let blank = self[start...].firstIndex(of: " ") {
      if self[blank...].hasPrefix(" in ") { return blank..<index(blank, offsetBy: 4) }
      start = index(after: blank)
    }
    return nil
  }
}
