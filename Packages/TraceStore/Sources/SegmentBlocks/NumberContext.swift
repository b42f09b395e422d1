/// What a number is told as a difference from.
enum Predictor: UInt8, CaseIterable, BitwiseCopyable {
  case zero
  /// The number that the same column had last in this chunk.
  case column
  /// Times: the one before in this document, the one before that, ...; integers: the one before.
  case before1, before2, before3, before4, before5
  /// Times: the document's first.
  case first
  /// Times: the first of the phrase in which the id that was last referred to came up.
  case reference
}

/// The numbers of a chunk that others are told as differences from. Writer and reader feed it alike.
struct NumberContext: ~Copyable {
  /// The numbers that each column had last.
  private var columns = Pool<Int64>()
  private var times: (Int64, Int64, Int64, Int64, Int64) = (0, 0, 0, 0, 0)
  private var integer: Int64 = 0
  private var first: Int64 = 0
  private var hasFirst = false
  private var reference: Int64 = 0
  /// The first time of the phrase that is being passed.
  private var phrase: Int64?
  /// For each id of the chunk, in order, the first time of its phrase.
  private var idTimes = Pool<Int64>()
  private var firstIDOfPhrase = 0

  init() {}

  /// Forgets everything, and keeps the memory.
  mutating func beginChunk(columns count: Int) {
    columns.fill(0, count: count)
    idTimes.removeAll()
    firstIDOfPhrase = 0
    (times, integer, first, hasFirst, reference, phrase) = ((0, 0, 0, 0, 0), 0, 0, false, 0, nil)
  }

  /// Ids that came up so far.
  var idCount: Int { idTimes.count }

  mutating func beginDocument() {
    setAll(first)
    hasFirst = false
    integer = 0
  }

  private mutating func setAll(_ time: Int64) {
    times = (time, time, time, time, time)
    first = time
    reference = time
  }

  /// A trace other than that of the document before begins about then.
  mutating func beginTrace(epoch: UInt32) {
    if !hasFirst { setAll(Int64(epoch) * 1_000_000_000) }
  }

  mutating func endPhrase() {
    let time = phrase ?? first
    for index in firstIDOfPhrase..<idTimes.count { idTimes[index] = time }
    firstIDOfPhrase = idTimes.count
    phrase = nil
  }

  @inline(__always)
  mutating func addID() { idTimes.append(first) }

  /// An id was referred to that came up so many ids ago; `false` when there is none.
  @inline(__always)
  mutating func refer(distance: Int) -> Bool {
    guard distance >= 1, distance <= idTimes.count else { return false }
    reference = idTimes[idTimes.count - distance]
    return true
  }

  @inline(__always)
  func prediction(_ predictor: Predictor, column: Int, isTime: Bool) -> Int64 {
    switch predictor {
    case .zero: 0
    case .column: column >= 0 ? columns[column] : 0
    case .before1: isTime ? times.0 : integer
    case .before2: times.1
    case .before3: times.2
    case .before4: times.3
    case .before5: times.4
    case .first: first
    case .reference: reference
    }
  }

  @inline(__always)
  mutating func add(_ value: Int64, column: Int, isTime: Bool) {
    if column >= 0 { columns[column] = value }
    guard isTime else {
      integer = value
      return
    }
    times = (value, times.0, times.1, times.2, times.3)
    if !hasFirst {
      hasFirst = true
      first = value
    }
    if phrase == nil { phrase = value }
  }
}
