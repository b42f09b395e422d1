import CYaml

/// Builds the tree of a file's first document from libyaml's events.
///
/// Takes what a configuration needs: maps, lists and scalars. Aliases, with which a few lines can stand for
/// gigabytes, anchors and tags are refused, and so are files beyond the limits.
enum YAMLReader {
  static let maximumBytes = 1 << 20
  static let maximumDepth = 16

  /// `nil` for a file without a document.
  static func read(_ bytes: [UInt8]) throws(YAMLError) -> YAMLNode? {
    guard bytes.count <= maximumBytes else {
      throw YAMLError(problem: "the file is larger than 1 MB", position: YAMLPosition(line: 1, column: 1))
    }
    return try bytes.withUnsafeBufferPointer { buffer throws(YAMLError) in
      // libyaml reads from a null pointer if there is one, even nothing.
      guard let start = buffer.baseAddress, !buffer.isEmpty else { return nil }
      var events = try YAMLEvents(start, count: buffer.count)
      while true {
        switch try events.next() {
        case (.documentStart, _):
          let (first, position) = try events.next()
          return try node(first, position, depth: 1, &events)
        case (.end, _): return nil
        default: continue
        }
      }
    }
  }

  private static func node(
    _ event: YAMLEvents.Event, _ position: YAMLPosition, depth: Int, _ events: inout YAMLEvents
  ) throws(YAMLError) -> YAMLNode {
    guard depth <= maximumDepth else {
      throw YAMLError(problem: "more than \(maximumDepth) levels", position: position)
    }
    switch event {
    case .scalar(let text, let isPlain):
      return YAMLNode(value: .scalar(text, isPlain: isPlain), position: position)
    case .listStart:
      var items: [YAMLNode] = []
      while case (let event, let position) = try events.next(), event != .collectionEnd {
        items.append(try node(event, position, depth: depth + 1, &events))
      }
      return YAMLNode(value: .list(items), position: position)
    case .mapStart:
      var entries: [YAMLNode.Entry] = []
      while case (let event, let position) = try events.next(), event != .collectionEnd {
        guard case .scalar(let key, _) = event else {
          throw YAMLError(problem: "a key must be a word", position: position)
        }
        let (value, valuePosition) = try events.next()
        let node = try node(value, valuePosition, depth: depth + 1, &events)
        entries.append(YAMLNode.Entry(key: key, position: position, value: node))
      }
      return YAMLNode(value: .map(entries), position: position)
    case .documentStart, .collectionEnd, .end, .other:
      // libyaml's grammar does not put these where a value begins.
      throw YAMLError(problem: "a value is missing", position: position)
    }
  }
}
