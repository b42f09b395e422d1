/// Makes phrases of tokens: for each document a row of phrases, each a sequence of operations that other documents
/// may share, and the values of their holes.
struct PhraseSplitter: ~Copyable {
  /// Some documents that can be read without the others: where what they have begins and ends in the splitter's pools.
  struct Chunk {
    var documents = 0
    /// Of the documents as they were sent.
    var length = 0
    var rawDocuments = 0
    var occurrences: Range<Int>
    var numbers: Range<Int>
    var words: Range<Int>
    var text: Range<Int>
    var rawLengths: Range<Int>
  }

  private(set) var phrases = SequenceTable()
  private(set) var chunks: [Chunk] = []
  /// Numbers of phrases in ``phrases``; -1 for a document that is kept raw.
  private(set) var occurrences = Pool<Int32>(capacity: 1 << 13)
  /// The values of holes that ``NumberColumn`` codes, in order.
  private(set) var numbers = Pool<Int64>(capacity: 1 << 14)
  /// The values of the other holes, in order: one word of an id, three of a trace id, two of a UUID, the place of
  /// a packed run in the source.
  private(set) var words = Pool<UInt64>(capacity: 1 << 14)
  /// Texts, each with a zero behind it, and documents that are kept raw.
  private(set) var text = Pool<UInt8>()
  private(set) var rawLengths = Pool<Int>()
  private var documents = 0
  private var length = 0
  private var sequence = Pool<Operation>()
  private var ids = RecentTable()
  private var uuids = RecentTable()
  /// Where the trace id that came last in this chunk lies in the source.
  private var trace: Int?

  /// Structure that occurs less often in a block is text.
  static let structureThreshold = 2
  /// Texts that occur less often in a block are split into patterns, or stay text.
  static let textThreshold = 3

  /// Ends the chunk, if it holds anything.
  mutating func endChunk() {
    guard documents > 0 else { return }
    let last = chunks.last
    let raw = (last?.rawLengths.upperBound ?? 0)..<rawLengths.count
    chunks.append(
      Chunk(
        documents: documents, length: length, rawDocuments: raw.count,
        occurrences: (last?.occurrences.upperBound ?? 0)..<occurrences.count,
        numbers: (last?.numbers.upperBound ?? 0)..<numbers.count, words: (last?.words.upperBound ?? 0)..<words.count,
        text: (last?.text.upperBound ?? 0)..<text.count, rawLengths: raw))
    documents = 0
    length = 0
    ids.removeAll()
    uuids.removeAll()
    trace = nil
  }

  /// Whether the next document, of the same trace as the one before or another, belongs to another chunk.
  func isFull(isSameTrace: Bool) -> Bool {
    isSameTrace
      ? documents >= SegmentBlock.chunkDocumentLimit || length >= SegmentBlock.chunkLengthLimit / 2
      : documents >= SegmentBlock.chunkDocuments || length >= SegmentBlock.chunkLength
  }

  mutating func add(raw document: UnsafeBufferPointer<UInt8>) {
    documents += 1
    length += document.count
    occurrences.append(-1)
    rawLengths.append(document.count)
    text.append(copying: document)
  }

  mutating func add(
    _ tokens: UnsafeBufferPointer<Token>, length: Int, _ literals: borrowing LiteralTable,
    _ patterns: borrowing TextPatterns
  ) {
    documents += 1
    self.length += length
    for token in tokens {
      if token.startsPhrase { endPhrase() }
      switch token.kind {
      case .structure: addStructure(Int(token.value), literals)
      case .text: addText(Int(token.value), literals, patterns)
      case .id: addID(token.value)
      case .trace: addTrace(Int(token.value), literals.source)
      case .time:
        sequence.append(Operation(.time, UInt32(token.format)))
        numbers.append(Int64(token.value))
      }
    }
    sequence.append(Operation(.end))
    endPhrase()
  }

  private mutating func endPhrase() {
    guard !sequence.isEmpty else { return }
    occurrences.append(Int32(phrases.intern(sequence.elements)))
    sequence.removeAll()
  }

  @inline(__always)
  private mutating func addStructure(_ number: Int, _ literals: borrowing LiteralTable) {
    if literals[number].count >= UInt32(Self.structureThreshold) {
      sequence.append(Operation(.literal, UInt32(number)))
    } else {
      addBytes(number, literals)
    }
  }

  @inline(__always)
  private mutating func addText(
    _ number: Int, _ literals: borrowing LiteralTable, _ patterns: borrowing TextPatterns
  ) {
    if literals[number].count >= UInt32(Self.textThreshold) {
      sequence.append(Operation(.word, UInt32(number)))
    } else if let text = patterns.text(number),
      patterns.patterns.entries[text.pattern].count >= Self.textThreshold
    {
      addPattern(text, patterns)
    } else {
      addBytes(number, literals)
    }
  }

  private mutating func addBytes(_ number: Int, _ literals: borrowing LiteralTable) {
    sequence.append(Operation(.text))
    text.append(copying: literals.bytes(of: number).assumingMemoryBound(to: UInt8.self))
    text.append(0)
  }

  private mutating func addPattern(_ text: TextPatterns.Text, _ patterns: borrowing TextPatterns) {
    var value = text.values
    for operation in patterns.patterns[text.pattern] {
      switch operation.kind {
      case .integer, .digits:
        sequence.append(operation)
        numbers.append(Int64(patterns.values[value]))
        value += 1
      case .packed:
        sequence.append(operation)
        words.append(patterns.values[value])
        value += 1
      case .uuid:
        addUUID(patterns.values[value], patterns.values[value + 1])
        value += 2
      default:
        sequence.append(operation)
      }
    }
  }

  private mutating func addID(_ id: UInt64) {
    if let distance = ids.distance(of: id, 0) {
      sequence.append(Operation(.idReference))
      numbers.append(Int64(distance))
    } else {
      sequence.append(Operation(.id))
      words.append(id)
    }
  }

  private mutating func addUUID(_ high: UInt64, _ low: UInt64) {
    if let distance = uuids.distance(of: high, low) {
      sequence.append(Operation(.uuidReference))
      numbers.append(Int64(distance))
    } else {
      sequence.append(Operation(.uuid))
      words.append(high)
      words.append(low)
    }
  }

  private mutating func addTrace(_ place: Int, _ text: UnsafePointer<UInt8>) {
    if let trace, equalBytes(text + trace, text + place, 35) {
      sequence.append(Operation(.traceAgain))
      return
    }
    trace = place
    sequence.append(Operation(.trace))
    // The scanner saw that all of them are digits.
    words.append(hexDigits(text + place + 2, 8) ?? 0)
    words.append(hexDigits(text + place + 11, 8) ?? 0)
    words.append(hexDigits(text + place + 19, 16) ?? 0)
  }
}
