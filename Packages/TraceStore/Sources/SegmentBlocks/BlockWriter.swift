import XRayModel

/// Puts a block together.
struct BlockWriter: ~Copyable {
  private let splitter: PhraseSplitter
  private let literals: LiteralTable
  private let book: PhraseBook
  private let coding: NumberCoding
  private var bits = BitWriter()
  private var statistics = BlockStatistics()

  /// Writes the documents in that order; those in `raw`, by their places in it, as they are.
  static func write(
    _ documents: DocumentBatch, _ order: [Int], hasOrder: Bool, raw: Set<Int> = []
  ) -> EncodedBlock {
    documents.bytes.withUnsafeBufferPointer { bytes in
      // Of an empty batch nothing is read: any address serves.
      let source = bytes.baseAddress ?? UnsafePointer(bitPattern: 1)!
      var writer = BlockWriter(documents, source, order, raw)
      return writer.block(arrival: hasOrder ? order : [])
    }
  }

  private init(_ documents: DocumentBatch, _ source: UnsafePointer<UInt8>, _ order: [Int], _ raw: Set<Int>) {
    var scanner = DocumentScanner(source, documents: order.count)
    // Where each document's tokens end; they are missing for those that are kept raw.
    var ends: [Int] = []
    ends.reserveCapacity(order.count)
    var isRaw = [Bool](repeating: false, count: order.count)
    for (position, document) in order.enumerated() {
      isRaw[position] = raw.contains(position) || !scanner.scan(documents.range(of: document))
      ends.append(scanner.tokens.count)
    }
    let patterns = TextPatterns(&scanner.literals, below: UInt32(PhraseSplitter.textThreshold))
    var splitter = PhraseSplitter()
    var start = 0
    var trace: Int?
    for (position, document) in order.enumerated() {
      let range = documents.range(of: document)
      let tokens = UnsafeBufferPointer(rebasing: scanner.tokens.elements[start..<ends[position]])
      start = ends[position]
      let next = tokens.first { $0.kind == .trace }.map { Int($0.value) }
      let isSameTrace = if let trace, let next { equalBytes(source + trace, source + next, 35) } else { false }
      if let next { trace = next }
      if splitter.isFull(isSameTrace: isSameTrace) { splitter.endChunk() }
      if isRaw[position] {
        splitter.add(raw: UnsafeBufferPointer(start: source + range.lowerBound, count: range.count))
      } else {
        splitter.add(tokens, length: range.count, scanner.literals, patterns)
      }
    }
    splitter.endChunk()
    book = PhraseBook(splitter.phrases, literals: scanner.literals.count)
    coding = NumberCoding(splitter, book)
    self.splitter = splitter
    literals = scanner.takeLiterals()
  }

  private mutating func block(arrival order: [Int]) -> EncodedBlock {
    var header = BlockHeader()
    var body = dictionarySection(&header)
    body += arrivalSection(order, &header)
    var text: [UInt8] = []
    for literal in book.literals { text.append(contentsOf: literals.bytes(of: literal)) }
    let deflater = Deflater()
    var nextNumber = 0
    text.withUnsafeBytes { text in
      let known = UnsafeRawBufferPointer(rebasing: text.suffix(BlockDictionary.window))
      for index in 0..<splitter.chunks.count {
        let chunk = splitter.chunks[index]
        let bytes = self.bytes(of: chunk, &nextNumber, deflater, knowing: known)
        header.chunks.append(
          BlockHeader.Chunk(
            documents: chunk.documents, length: chunk.length, stored: bytes.count,
            checksum: bytes.withUnsafeBytes { checksum($0) }))
        body += bytes
        header.rawDocuments += chunk.rawDocuments
        statistics.documents += chunk.documents
        statistics.length += chunk.length
      }
    }
    statistics.rawDocuments = header.rawDocuments
    statistics.chunks = header.chunks.count
    statistics.phrases = book.phrases.count
    statistics.literals = book.literals.count
    statistics.header += header.length
    return EncodedBlock(bytes: header.bytes + body, statistics: statistics)
  }

  // MARK: Sections

  private mutating func dictionarySection(_ header: inout BlockHeader) -> [UInt8] {
    var lengths: [UInt8] = []
    lengths.append(varint: book.literals.count)
    var text: [UInt8] = []
    for number in book.literals {
      let bytes = literals.bytes(of: number)
      lengths.append(varint: bytes.count)
      text.append(contentsOf: bytes)
    }
    var phrases: [UInt8] = []
    phrases.append(varint: book.phrases.count)
    phrases.append(varint: book.phrases.reduce(0) { $0 + $1.count })
    var columns: [UInt8] = []
    for (index, phrase) in book.phrases.enumerated() {
      phrases.append(varint: phrase.count)
      var column = book.firstColumns[index]
      for operation in phrase {
        operation.write(to: &phrases)
        if operation.isNumber {
          coding.columns[column].write(to: &columns)
          column += 1
        }
      }
    }
    var section: [UInt8] = []
    for part in [lengths, text, phrases, columns] { section.append(varint: part.count) }
    let (deflated, _) = Deflater(level: 9).deflate(
      [lengths, text, phrases, columns], knowing: .init(start: nil, count: 0))
    section += deflated
    header.dictionary = .init(stored: section.count, checksum: section.withUnsafeBytes { checksum($0) })
    statistics.templates = section.count
    return section
  }

  /// Empty when the documents are in the order in which they came.
  private mutating func arrivalSection(_ order: [Int], _ header: inout BlockHeader) -> [UInt8] {
    guard !order.isEmpty else { return [] }
    var differences: [Int64] = []
    var previous = 0
    for document in order {
      differences.append(Int64(document - previous))
      previous = document
    }
    let column = NumberColumn(differences, predictor: .column)
    var section: [UInt8] = []
    column.write(to: &section)
    for difference in differences { bits.write(golomb: column.code(difference), order: Int(column.order)) }
    bits.finish(to: &section)
    header.arrival = .init(stored: section.count, checksum: section.withUnsafeBytes { checksum($0) })
    statistics.arrival = section.count
    return section
  }

  private mutating func bytes(
    of chunk: PhraseSplitter.Chunk, _ nextNumber: inout Int, _ deflater: borrowing Deflater,
    knowing known: UnsafeRawBufferPointer
  ) -> [UInt8] {
    let skeleton = skeleton(of: chunk)
    writeBits(of: chunk, &nextNumber)
    let text = UnsafeBufferPointer(rebasing: splitter.text.elements[chunk.text])
    let (deflated, sizes) = skeleton.withUnsafeBufferPointer {
      deflater.deflate([$0, text], knowing: text.isEmpty ? .init(start: nil, count: 0) : known)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(deflated.count + bits.bitCount / 8 + 16)
    bytes.append(varint: skeleton.count)
    bytes.append(varint: text.count)
    bytes.append(varint: deflated.count)
    statistics.header += bytes.count
    statistics.skeleton += sizes[0]
    statistics.text += sizes[1]
    bytes += deflated
    bits.finish(to: &bytes)
    return bytes
  }

  /// Which phrases make up the documents: 0 and its length is a document kept raw, 1 and its operations a phrase that
  /// is not in the dictionary, others are numbers of phrases, less two.
  private func skeleton(of chunk: PhraseSplitter.Chunk) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(chunk.occurrences.count * 2)
    var raw = chunk.rawLengths.lowerBound
    for occurrence in chunk.occurrences {
      let number = splitter.occurrences[occurrence]
      guard number >= 0 else {
        bytes.append(0)
        bytes.append(varint: splitter.rawLengths[raw])
        raw += 1
        continue
      }
      switch book.forms[Int(number)] {
      case .phrase(let phrase): bytes.append(varint: phrase + 2)
      case .words(let phrase):
        bytes.append(varint: phrase + 2)
        for operation in splitter.phrases[Int(number)] where operation.kind == .word {
          bytes.append(varint: UInt64(book.number(ofLiteral: operation.argument)))
        }
      case .plain:
        let sequence = splitter.phrases[Int(number)]
        bytes.append(1)
        bytes.append(varint: sequence.count)
        for operation in sequence {
          switch operation.kind {
          case .literal, .word:
            Operation(.literal, book.number(ofLiteral: operation.argument)).write(to: &bytes)
          default: operation.write(to: &bytes)
          }
        }
      }
    }
    return bytes
  }

  /// The values of the holes.
  private mutating func writeBits(of chunk: PhraseSplitter.Chunk, _ nextNumber: inout Int) {
    var word = chunk.words.lowerBound
    var epoch: Int64 = 0
    for occurrence in chunk.occurrences {
      let number = splitter.occurrences[occurrence]
      guard number >= 0 else { continue }
      var column =
        switch book.forms[Int(number)] {
        case .phrase(let phrase), .words(let phrase): book.firstColumns[phrase]
        case .plain: -1
        }
      for operation in splitter.phrases[Int(number)] {
        let before = bits.bitCount
        switch operation.kind {
        case .id:
          bits.write(splitter.words[word], bits: 64)
          word += 1
          statistics.ids += 64
        case .trace:
          let seconds = Int64(splitter.words[word])
          bits.write(golomb: zigzag(seconds - epoch), order: 6)
          epoch = seconds
          bits.write(splitter.words[word + 1], bits: 32)
          bits.write(splitter.words[word + 2], bits: 64)
          word += 3
          statistics.ids += bits.bitCount - before
        case .uuid:
          bits.write(splitter.words[word], bits: 64)
          bits.write(splitter.words[word + 1], bits: 64)
          word += 2
          statistics.random += 128
        case .packed:
          writePacked(operation, at: Int(splitter.words[word]))
          word += 1
          statistics.random += bits.bitCount - before
        case .idReference, .uuidReference, .integer, .digits, .time:
          let coder = column >= 0 ? coding.columns[column] : .plain(operation.kind)
          if column >= 0 { column += 1 }
          bits.write(golomb: coder.code(coding.differences[nextNumber]), order: Int(coder.order))
          nextNumber += 1
          switch operation.kind {
          case .time: statistics.times += bits.bitCount - before
          case .idReference, .uuidReference: statistics.references += bits.bitCount - before
          default: statistics.numbers += bits.bitCount - before
          }
        case .end, .word, .text, .traceAgain, .literal: break
        }
      }
    }
  }

  private mutating func writePacked(_ operation: Operation, at place: Int) {
    // The splitter made it.
    let alphabet = Alphabet(rawValue: operation.argument & 3) ?? .base62
    for index in 0..<Int(operation.argument >> 2) {
      bits.write(alphabet.number(of: literals.source[place + index]), bits: alphabet.bits)
    }
  }
}
