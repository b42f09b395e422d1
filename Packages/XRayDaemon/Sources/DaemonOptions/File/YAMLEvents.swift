import CYaml

/// libyaml's parser over bytes that outlive it. One owner; its memory goes with it.
struct YAMLEvents: ~Copyable {
  enum Event: Equatable {
    case documentStart
    case scalar(String, isPlain: Bool)
    case listStart, mapStart, collectionEnd
    /// The stream is over.
    case end
    case other
  }

  // On the heap, because the parser keeps its own address.
  private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
  private let bytes: UnsafeBufferPointer<UInt8>

  /// `start` must stay valid and unchanged as long as this lives.
  init(_ start: UnsafePointer<UInt8>, count: Int) throws(YAMLError) {
    bytes = UnsafeBufferPointer(start: start, count: count)
    guard yaml_parser_initialize(parser) == 1 else {
      parser.deallocate()
      throw YAMLError(problem: "out of memory", position: YAMLPosition(line: 1, column: 1))
    }
    yaml_parser_set_input_string(parser, start, count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
  }

  /// The next event and where it begins. After an error there is no next one.
  mutating func next() throws(YAMLError) -> (Event, YAMLPosition) {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw failure }
    defer { yaml_event_delete(&event) }
    let position = YAMLPosition(event.start_mark)
    switch event.type {
    case YAML_DOCUMENT_START_EVENT: return (.documentStart, position)
    case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return (.end, position)
    case YAML_MAPPING_END_EVENT, YAML_SEQUENCE_END_EVENT: return (.collectionEnd, position)
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      try refuse(scalar.anchor, scalar.tag, at: position)
      let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      return (.scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE), position)
    case YAML_SEQUENCE_START_EVENT:
      try refuse(event.data.sequence_start.anchor, event.data.sequence_start.tag, at: position)
      return (.listStart, position)
    case YAML_MAPPING_START_EVENT:
      try refuse(event.data.mapping_start.anchor, event.data.mapping_start.tag, at: position)
      return (.mapStart, position)
    case YAML_ALIAS_EVENT: throw YAMLError(problem: "aliases are not supported", position: position)
    default: return (.other, position)
    }
  }

  private func refuse(
    _ anchor: UnsafeMutablePointer<yaml_char_t>?, _ tag: UnsafeMutablePointer<yaml_char_t>?, at position: YAMLPosition
  ) throws(YAMLError) {
    if anchor != nil { throw YAMLError(problem: "anchors are not supported", position: position) }
    if tag != nil { throw YAMLError(problem: "tags are not supported", position: position) }
  }

  private var failure: YAMLError {
    let problem = parser.pointee.problem.map { String(cString: $0) } ?? "out of memory"
    guard parser.pointee.error == YAML_READER_ERROR else {
      return YAMLError(problem: problem, position: YAMLPosition(parser.pointee.problem_mark))
    }
    // What is no text at all has an offset instead of a line.
    let before = bytes.prefix(parser.pointee.problem_offset)
    let line = before.lazy.filter { $0 == UInt8(ascii: "\n") }.count + 1
    let column = before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count + 1
    return YAMLError(problem: problem, position: YAMLPosition(line: line, column: column))
  }
}

extension YAMLPosition {
  fileprivate init(_ mark: yaml_mark_t) {
    self.init(line: mark.line + 1, column: mark.column + 1)
  }
}
