/// Writes the documents of a chunk out again.
///
/// The bytes may be anything: each step either writes at least one byte of a document or ends one, no document is
/// written beyond the chunk's length, and every read and every number is checked.
struct ChunkReader: ~Copyable {
  private let dictionary: BlockDictionary
  /// Those of the dictionary.
  private let literals: UnsafeRawBufferPointer
  private let header: BlockHeader.Chunk
  private var skeleton: ByteReader
  private var text: ByteReader
  private var bits: BitReader
  private var context: NumberContext
  private var epoch: Int64 = 0
  private var trace: (epoch: UInt32, high: UInt64, low: UInt64)?
  private var ids: [UInt64] = []
  private var uuids: [(UInt64, UInt64)] = []
  /// The documents that were asked for, back to back.
  private var output: TextOutput
  private var ends: [Int] = []

  /// The documents of that range of the chunk, in a form in which ``DocumentBatch`` takes them.
  static func read(
    _ range: Range<Int>, of bytes: UnsafeRawBufferPointer, at origin: Int, _ header: BlockHeader.Chunk,
    _ dictionary: BlockDictionary, _ literals: UnsafeRawBufferPointer, to consume: (UnsafeRawBufferPointer) -> Void
  ) throws(BlockError) {
    var reader = ByteReader(bytes, at: origin)
    // Each byte of a document takes an operation at most, and each text a zero.
    let skeletonCount = try reader.count(limit: header.length * 8 + header.documents * 8)
    let textCount = try reader.count(limit: header.length * 2)
    let deflated = try reader.slice(try reader.count(limit: bytes.count))
    let bits = BitReader(try reader.slice(reader.remaining), at: origin + bytes.count - reader.remaining)
    let known = UnsafeRawBufferPointer(rebasing: literals.suffix(textCount == 0 ? 0 : BlockDictionary.window))
    guard let streams = inflate(deflated, count: skeletonCount + textCount, knowing: known) else { throw reader.fail() }
    var failure: BlockError?
    streams.withUnsafeBytes { streams in
      var chunk = ChunkReader(
        dictionary, literals, header,
        skeleton: ByteReader(UnsafeRawBufferPointer(rebasing: streams[..<skeletonCount]), at: origin),
        text: ByteReader(UnsafeRawBufferPointer(rebasing: streams[skeletonCount...]), at: origin), bits: bits)
      do throws(BlockError) {
        try chunk.read(range)
      } catch {
        failure = error
      }
      guard failure == nil else { return }
      var start = 0
      for end in chunk.ends {
        consume(chunk.output.bytes(start..<end))
        start = end
      }
    }
    if let failure { throw failure }
  }

  private init(
    _ dictionary: BlockDictionary, _ literals: UnsafeRawBufferPointer, _ header: BlockHeader.Chunk,
    skeleton: ByteReader, text: ByteReader, bits: BitReader
  ) {
    self.literals = literals
    output = TextOutput(limit: header.length)
    self.dictionary = dictionary
    self.header = header
    self.skeleton = skeleton
    self.text = text
    self.bits = bits
    context = NumberContext(columns: dictionary.columns.count)
  }

  private mutating func read(_ range: Range<Int>) throws(BlockError) {
    for index in 0..<range.upperBound {
      let start = output.count
      try readDocument()
      if index >= range.lowerBound { ends.append(output.count) } else { output.discard(from: start) }
    }
    guard range.upperBound == header.documents else { return }
    // Nothing may be left over.
    guard skeleton.remaining == 0, text.remaining == 0, bits.isAtEnd, output.count == output.limit else {
      throw skeleton.fail()
    }
  }

  private mutating func readDocument() throws(BlockError) {
    var isFirst = true
    while true {
      let symbol = try skeleton.varint()
      if symbol == 0 {
        guard isFirst, output.append(try text.slice(try skeleton.count(limit: text.remaining))) else {
          throw skeleton.fail()
        }
        return
      }
      if isFirst { context.beginDocument() }
      isFirst = false
      let isEnd = symbol == 1 ? try readPlainPhrase() : try readPhrase(symbol - 2)
      context.endPhrase()
      if isEnd { return }
    }
  }

  /// Passes a phrase of the dictionary; `true` when the document ends with it.
  private mutating func readPhrase(_ number: UInt64) throws(BlockError) -> Bool {
    guard number < UInt64(dictionary.phrases.count) else { throw skeleton.fail() }
    var column = Int(dictionary.phrases[Int(number)].firstColumn)
    for index in dictionary.phrase(Int(number)) {
      let operation = dictionary.operations[index]
      if operation.kind == .end { return true }
      try perform(operation, column: column)
      if operation.isNumber { column += 1 }
    }
    return false
  }

  private mutating func readPlainPhrase() throws(BlockError) -> Bool {
    let count = try skeleton.count(limit: skeleton.remaining)
    guard count > 0 else { throw skeleton.fail() }
    for _ in 0..<count {
      let operation = try Operation(reading: &skeleton, literals: dictionary.literalEnds.count)
      if operation.kind == .end { return true }
      try perform(operation, column: -1)
    }
    return false
  }

  @inline(__always)
  private mutating func perform(_ operation: Operation, column: Int) throws(BlockError) {
    switch operation.kind {
    case .literal: try write(literal: Int(operation.argument))
    case .word:
      let number = try skeleton.varint()
      guard number < UInt64(dictionary.literalEnds.count) else { throw skeleton.fail() }
      try write(literal: Int(number))
    case .text:
      let bytes = try text.terminated()
      guard bytes.count > 0, output.append(bytes) else { throw text.fail() }
    case .id:
      let id = try bits.read(64)
      ids.append(id)
      context.addID()
      guard output.append(id: id) else { throw bits.fail() }
    case .trace, .traceAgain: try readTrace(isNew: operation.kind == .trace)
    case .uuid:
      let value = (try bits.read(64), try bits.read(64))
      uuids.append(value)
      guard output.append(uuid: value.0, value.1) else { throw bits.fail() }
    case .packed: try readPacked(operation)
    case .idReference, .uuidReference, .integer, .digits, .time: try readNumber(operation, column: column)
    case .end: break
    }
  }

  @inline(__always)
  private mutating func write(literal number: Int) throws(BlockError) {
    let range = dictionary.literal(number)
    guard output.append(UnsafeRawBufferPointer(rebasing: literals[range])) else { throw skeleton.fail() }
  }

  private mutating func readTrace(isNew: Bool) throws(BlockError) {
    if isNew {
      let seconds = epoch &+ unzigzag(try bits.golomb(order: 6))
      guard let exact = UInt32(exactly: seconds) else { throw bits.fail() }
      epoch = seconds
      trace = (exact, try bits.read(32), try bits.read(64))
      context.beginTrace(epoch: exact)
    }
    guard let trace, output.append(trace: trace.epoch, trace.high, trace.low) else { throw skeleton.fail() }
  }

  private mutating func readPacked(_ operation: Operation) throws(BlockError) {
    guard let alphabet = Alphabet(rawValue: operation.argument & 3) else { throw bits.fail() }
    for _ in 0..<Int(operation.argument >> 2) {
      guard let byte = alphabet.byte(of: try bits.read(alphabet.bits)), output.append(byte) else { throw bits.fail() }
    }
  }

  @inline(__always)
  private mutating func readNumber(_ operation: Operation, column: Int) throws(BlockError) {
    let coder = column >= 0 ? dictionary.columns[column] : .plain(operation.kind)
    let isTime = operation.kind == .time
    let unit = operation.unit
    let prediction = context.prediction(coder.predictor, column: column, isTime: isTime)
    let difference = coder.difference(try bits.golomb(order: Int(coder.order)))
    let units = (unit == 1 ? prediction : prediction / unit) &+ difference
    guard units >= 0, units < TimeText.limit / unit else { throw bits.fail() }
    let value = units * unit
    context.add(value, column: column, isTime: isTime)
    let isWritten: Bool
    switch operation.kind {
    case .time:
      guard let format = TimeFormat(rawValue: operation.argument),
        value >= (format.style == .scientific ? TimeText.leastScientific : TimeText.least)
      else { throw bits.fail() }
      isWritten = output.append(time: value, format)
    case .idReference:
      guard context.refer(distance: Int(value)) else { throw bits.fail() }
      isWritten = output.append(id: ids[ids.count - Int(value)])
    case .uuidReference:
      guard value >= 1, value <= Int64(uuids.count) else { throw bits.fail() }
      let uuid = uuids[uuids.count - Int(value)]
      isWritten = output.append(uuid: uuid.0, uuid.1)
    default:
      isWritten = output.append(
        decimal: UInt64(value), digits: operation.kind == .digits ? Int(operation.argument) : 1)
    }
    guard isWritten else { throw bits.fail() }
  }
}
