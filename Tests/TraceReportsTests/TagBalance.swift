/// What is wrong with the tags of a piece of markup; empty when every element closes in its order and no text holds
/// an angle bracket.
func tagProblems(_ markup: String) -> [String] {
  var problems: [String] = []
  var open: [String] = []
  var rest = Substring(markup)
  while let start = rest.firstIndex(of: "<") {
    if rest[..<start].contains(">") { problems.append("> in text: \(rest[..<start].suffix(40))") }
    rest = rest[start...]
    if rest.hasPrefix("<!DOCTYPE") || rest.hasPrefix("<?xml") {
      rest = rest.drop { $0 != ">" }.dropFirst()
      continue
    }
    guard let end = tagEnd(rest) else { return problems + ["unclosed tag: \(rest.prefix(40))"] }
    let tag = rest[rest.index(after: rest.startIndex)..<end]
    rest = rest[rest.index(after: end)...]
    let name = String(tag.drop { $0 == "/" }.prefix { !$0.isWhitespace && $0 != "/" })
    if tag.hasPrefix("/") {
      if open.popLast() != name { problems.append("unexpected </\(name)>") }
    } else if tag.last != "/" {
      open.append(name)
      // Their content is not markup.
      if name == "script" || name == "style" {
        while !rest.isEmpty, !rest.hasPrefix("</\(name)>") { rest = rest.dropFirst() }
      }
    }
  }
  return problems + open.map { "unclosed <\($0)>" }
}

/// Where the tag at the start ends; quoted attributes may hold anything but angle brackets.
private func tagEnd(_ text: Substring) -> Substring.Index? {
  var isQuoted = false
  for index in text.indices.dropFirst() {
    switch text[index] {
    case "\"": isQuoted.toggle()
    case "<": return nil
    case ">": return isQuoted ? nil : index
    default: break
    }
  }
  return nil
}
