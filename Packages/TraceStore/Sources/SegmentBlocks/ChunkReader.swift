/// Writes the documents of a block's chunks out again, one chunk after the other, in the same memory.
///
/// The bytes may be anything: each step either writes at least one byte of a document or ends one, no document is
/// written beyond the chunk's length, and every read and every number is checked.
struct ChunkReader: ~Copyable {
  private let dictionary: BlockDictionary.View
  private var inflater = Inflater()
  /// Skeleton and text of the chunk.
  private var streams = Pool<UInt8>()
  private var skeleton = ByteReader(.init(start: nil, count: 0), at: 0)
  private var text = ByteReader(.init(start: nil, count: 0), at: 0)
  private var bits = BitReader(.init(start: nil, count: 0), at: 0)
  private var context = NumberContext()
  private var epoch: Int64 = 0
  private var trace: (epoch: UInt32, high: UInt64, low: UInt64)?
  private var ids = Pool<UInt64>()
  private var uuids = Pool<(UInt64, UInt64)>()
  /// The documents that were asked for, back to back.
  private var output = TextOutput()
  private var ends = Pool<Int>()

  init(_ dictionary: BlockDictionary.View) { self.dictionary = dictionary }

  /// Reads the documents of that range of a chunk.
  mutating func read(
    _ range: Range<Int>, of bytes: UnsafeRawBufferPointer, at origin: Int, _ header: BlockHeader.Chunk
  ) throws(BlockError) {
    var reader = ByteReader(bytes, at: origin)
    // Each byte of a document takes an operation at most, and each text a zero.
    let skeletonCount = try reader.count(limit: header.length * 8 + header.documents * 8)
    let textCount = try reader.count(limit: header.length * 2)
    let deflated = try reader.slice(try reader.count(limit: bytes.count))
    bits = BitReader(try reader.slice(reader.remaining), at: origin + bytes.count - reader.remaining)
    let known = textCount == 0 ? .init(start: nil, count: 0) : dictionary.known
    streams.removeAll()
    streams.reserve(skeletonCount + textCount + 1)
    guard inflater.inflate(deflated, to: streams.base, count: skeletonCount + textCount, knowing: known) else {
      throw reader.fail()
    }
    streams.advance(skeletonCount + textCount)
    let all = UnsafeRawBufferPointer(streams.elements)
    skeleton = ByteReader(UnsafeRawBufferPointer(rebasing: all[..<skeletonCount]), at: origin)
    text = ByteReader(UnsafeRawBufferPointer(rebasing: all[skeletonCount...]), at: origin)
    context.beginChunk(columns: dictionary.columnCount)
    (epoch, trace) = (0, nil)
    ids.removeAll()
    uuids.removeAll()
    ends.removeAll()
    output.begin(limit: header.length)

    for _ in 0..<range.lowerBound { try readDocument(isWritten: false) }
    for _ in range {
      try readDocument(isWritten: true)
      ends.append(output.count)
    }
    guard range.upperBound == header.documents else { return }
    // Nothing may be left over.
    guard skeleton.remaining == 0, text.remaining == 0, bits.isAtEnd,
      range.lowerBound > 0 || output.count == output.limit
    else { throw skeleton.fail() }
  }

  /// Number of documents that were read last.
  var count: Int { ends.count }

  /// The bytes of those documents, back to back, until others are read.
  var allBytes: UnsafeRawBufferPointer { output.bytes(0..<output.count) }

  /// Where one of those documents lies in ``allBytes``.
  @inline(__always)
  func range(of index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }

  @inline(__always)
  private mutating func readDocument(isWritten: Bool) throws(BlockError) {
    var isFirst = true
    while true {
      let symbol = try skeleton.varint()
      if symbol == 0 {
        guard isFirst else { throw skeleton.fail() }
        let bytes = try text.slice(try skeleton.count(limit: text.remaining))
        guard isWritten ? output.append(bytes) : output.pass(bytes.count) else { throw skeleton.fail() }
        return
      }
      if isFirst { context.beginDocument() }
      isFirst = false
      let isEnd =
        symbol == 1 ? try readPlainPhrase(isWritten: isWritten) : try readPhrase(symbol - 2, isWritten: isWritten)
      context.endPhrase()
      if isEnd { return }
    }
  }

  /// Passes a phrase of the dictionary; `true` when the document ends with it.
  @inline(__always)
  private mutating func readPhrase(_ number: UInt64, isWritten: Bool) throws(BlockError) -> Bool {
    guard let phrase = dictionary.phrase(number) else { throw skeleton.fail() }
    var operations = dictionary.reader(from: phrase.start, at: skeleton.origin)
    var columns = dictionary.reader(from: phrase.columnStart, at: skeleton.origin)
    var column = Int(phrase.firstColumn)
    for _ in 0..<phrase.count {
      let operation = try Operation(reading: &operations, literals: dictionary.literalCount)
      if operation.kind == .end { return true }
      if operation.isNumber {
        try readNumber(operation, column: column, NumberColumn(reading: &columns), isWritten: isWritten)
        column += 1
      } else {
        try perform(operation, isWritten: isWritten)
      }
    }
    return false
  }

  private mutating func readPlainPhrase(isWritten: Bool) throws(BlockError) -> Bool {
    let count = try skeleton.count(limit: skeleton.remaining)
    guard count > 0 else { throw skeleton.fail() }
    for _ in 0..<count {
      let operation = try Operation(reading: &skeleton, literals: dictionary.literalCount)
      if operation.kind == .end { return true }
      if operation.isNumber {
        try readNumber(operation, column: -1, .plain(operation.kind), isWritten: isWritten)
      } else {
        try perform(operation, isWritten: isWritten)
      }
    }
    return false
  }

  /// Performs an operation without a number. What is not written counts as one byte: the cost stays bounded.
  @inline(__always)
  private mutating func perform(_ operation: Operation, isWritten: Bool) throws(BlockError) {
    switch operation.kind {
    case .literal: try write(literal: UInt64(operation.argument), isWritten: isWritten)
    case .word: try write(literal: try skeleton.varint(), isWritten: isWritten)
    case .text:
      let bytes = try text.terminated()
      guard bytes.count > 0, isWritten ? output.append(bytes) : output.pass(bytes.count) else { throw text.fail() }
    case .id:
      let id = try bits.read(64)
      ids.append(id)
      context.addID()
      guard isWritten ? output.append(id: id) : output.pass(1) else { throw bits.fail() }
    case .trace, .traceAgain: try readTrace(isNew: operation.kind == .trace, isWritten: isWritten)
    case .uuid:
      let value = (try bits.read(64), try bits.read(64))
      uuids.append(value)
      guard isWritten ? output.append(uuid: value.0, value.1) : output.pass(1) else { throw bits.fail() }
    case .packed: try readPacked(operation, isWritten: isWritten)
    case .idReference, .uuidReference, .integer, .digits, .time, .end: break
    }
  }

  @inline(__always)
  private mutating func write(literal number: UInt64, isWritten: Bool) throws(BlockError) {
    guard let literal = dictionary.literal(number), isWritten ? output.append(literal: literal) : output.pass(1) else {
      throw skeleton.fail()
    }
  }

  private mutating func readTrace(isNew: Bool, isWritten: Bool) throws(BlockError) {
    if isNew {
      let seconds = epoch &+ unzigzag(try bits.golomb(order: 6))
      guard let exact = UInt32(exactly: seconds) else { throw bits.fail() }
      epoch = seconds
      trace = (exact, try bits.read(32), try bits.read(64))
      context.beginTrace(epoch: exact)
    }
    guard let trace, isWritten ? output.append(trace: trace.epoch, trace.high, trace.low) : output.pass(1) else {
      throw skeleton.fail()
    }
  }

  private mutating func readPacked(_ operation: Operation, isWritten: Bool) throws(BlockError) {
    guard let alphabet = Alphabet(rawValue: operation.argument & 3) else { throw bits.fail() }
    for _ in 0..<Int(operation.argument >> 2) {
      guard let byte = alphabet.byte(of: try bits.read(alphabet.bits)), isWritten ? output.append(byte) : output.pass(1)
      else { throw bits.fail() }
    }
  }

  @inline(__always)
  private mutating func readNumber(
    _ operation: Operation, column: Int, _ coder: NumberColumn, isWritten: Bool
  ) throws(BlockError) {
    let isTime = operation.kind == .time
    let unit = operation.unit
    let prediction = context.prediction(coder.predictor, column: column, isTime: isTime)
    let difference = coder.difference(try bits.golomb(order: Int(coder.order)))
    let units = (unit == 1 ? prediction : prediction / unit) &+ difference
    guard units >= 0, units < TimeText.limit / unit else { throw bits.fail() }
    let value = units * unit
    context.add(value, column: column, isTime: isTime)
    let isDone: Bool
    switch operation.kind {
    case .time:
      guard let format = TimeFormat(rawValue: operation.argument),
        value >= (format.style == .scientific ? TimeText.leastScientific : TimeText.least)
      else { throw bits.fail() }
      isDone = isWritten ? output.append(time: value, format) : output.pass(1)
    case .idReference:
      guard context.refer(distance: Int(value)) else { throw bits.fail() }
      isDone = isWritten ? output.append(id: ids[ids.count - Int(value)]) : output.pass(1)
    case .uuidReference:
      guard value >= 1, value <= Int64(uuids.count) else { throw bits.fail() }
      let uuid = uuids[uuids.count - Int(value)]
      isDone = isWritten ? output.append(uuid: uuid.0, uuid.1) : output.pass(1)
    default:
      let digits = operation.kind == .digits ? Int(operation.argument) : 1
      isDone = isWritten ? output.append(decimal: UInt64(value), digits: digits) : output.pass(1)
    }
    guard isDone else { throw bits.fail() }
  }
}
