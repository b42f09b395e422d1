/// Makes phrases of tokens: for each document a row of phrases, each a sequence of operations that other documents
/// may share, and the values of their holes.
struct PhraseSplitter {
  /// Some documents that can be read without the others.
  struct Chunk {
    var documents = 0
    /// Of the documents as they were sent.
    var length = 0
    /// Numbers of phrases in ``PhraseSplitter/phrases``; -1 for a document that is kept raw.
    var occurrences: [Int32] = []
    /// The values of holes that ``NumberColumn`` codes, in order.
    var numbers: [Int64] = []
    /// The values of the other holes, in order: one word of an id, three of a trace id, two of a UUID, the place of
    /// a packed run in the source.
    var words: [UInt64] = []
    /// Texts, each with a zero behind it, and documents that are kept raw.
    var text: [UInt8] = []
    var rawLengths: [Int] = []
  }

  private(set) var phrases = SequenceTable()
  private(set) var chunks: [Chunk] = []
  private let literals: LiteralTable
  private let patterns: TextPatterns
  private var chunk = Chunk()
  private var sequence: [Operation] = []
  private var ids = RecentTable()
  private var uuids = RecentTable()
  /// Where the trace id that came last in this chunk lies in the source.
  private var trace: Int?

  /// Structure that occurs less often in a block is text.
  static let structureThreshold = 2
  /// Texts that occur less often in a block are split into patterns, or stay text.
  static let textThreshold = 3

  init(literals: LiteralTable, patterns: TextPatterns) {
    self.literals = literals
    self.patterns = patterns
  }

  /// Ends the chunk, if it holds anything.
  mutating func endChunk() {
    guard chunk.documents > 0 else { return }
    chunks.append(chunk)
    chunk = Chunk()
    ids.removeAll()
    uuids.removeAll()
    trace = nil
  }

  /// Whether the next document, of the same trace as the one before or another, belongs to another chunk.
  func isFull(isSameTrace: Bool) -> Bool {
    isSameTrace
      ? chunk.documents >= SegmentBlock.chunkDocumentLimit || chunk.length >= SegmentBlock.chunkLengthLimit / 2
      : chunk.documents >= SegmentBlock.chunkDocuments || chunk.length >= SegmentBlock.chunkLength
  }

  mutating func add(raw document: UnsafeRawBufferPointer) {
    chunk.documents += 1
    chunk.length += document.count
    chunk.occurrences.append(-1)
    chunk.rawLengths.append(document.count)
    chunk.text.append(contentsOf: document)
  }

  mutating func add(_ tokens: ArraySlice<Token>, length: Int) {
    chunk.documents += 1
    chunk.length += length
    for token in tokens {
      if token.startsPhrase { endPhrase() }
      switch token.kind {
      case .structure: addStructure(Int(token.value))
      case .text: addText(Int(token.value))
      case .id: addID(token.value)
      case .trace: addTrace(Int(token.value))
      case .time:
        sequence.append(Operation(.time, UInt32(token.format)))
        chunk.numbers.append(Int64(token.value))
      }
    }
    sequence.append(Operation(.end))
    endPhrase()
  }

  private mutating func endPhrase() {
    guard !sequence.isEmpty else { return }
    chunk.occurrences.append(Int32(phrases.intern(sequence)))
    sequence.removeAll(keepingCapacity: true)
  }

  private mutating func addStructure(_ number: Int) {
    if literals[number].count >= UInt32(Self.structureThreshold) {
      sequence.append(Operation(.literal, UInt32(number)))
    } else {
      addBytes(number)
    }
  }

  private mutating func addText(_ number: Int) {
    if literals[number].count >= UInt32(Self.textThreshold) {
      sequence.append(Operation(.word, UInt32(number)))
    } else if let text = patterns.text(number),
      patterns.patterns.entries[text.pattern].count >= Self.textThreshold
    {
      addPattern(text)
    } else {
      addBytes(number)
    }
  }

  private mutating func addBytes(_ number: Int) {
    sequence.append(Operation(.text))
    chunk.text.append(contentsOf: literals.bytes(of: number))
    chunk.text.append(0)
  }

  private mutating func addPattern(_ text: TextPatterns.Text) {
    var value = text.values
    for operation in patterns.patterns[text.pattern] {
      switch operation.kind {
      case .integer, .digits:
        sequence.append(operation)
        chunk.numbers.append(Int64(patterns.values[value]))
        value += 1
      case .packed:
        sequence.append(operation)
        chunk.words.append(patterns.values[value])
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
      chunk.numbers.append(Int64(distance))
    } else {
      sequence.append(Operation(.id))
      chunk.words.append(id)
    }
  }

  private mutating func addUUID(_ high: UInt64, _ low: UInt64) {
    if let distance = uuids.distance(of: high, low) {
      sequence.append(Operation(.uuidReference))
      chunk.numbers.append(Int64(distance))
    } else {
      sequence.append(Operation(.uuid))
      chunk.words.append(high)
      chunk.words.append(low)
    }
  }

  private mutating func addTrace(_ place: Int) {
    let text = literals.source
    if let trace, equalBytes(text + trace, text + place, 35) {
      sequence.append(Operation(.traceAgain))
      return
    }
    trace = place
    sequence.append(Operation(.trace))
    // The scanner saw that all of them are digits.
    chunk.words.append(hexDigits(text + place + 2, 8) ?? 0)
    chunk.words.append(hexDigits(text + place + 11, 8) ?? 0)
    chunk.words.append(hexDigits(text + place + 19, 16) ?? 0)
  }
}
