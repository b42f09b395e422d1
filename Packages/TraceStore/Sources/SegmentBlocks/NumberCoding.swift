/// Turns the numbers of a block into differences, column by column.
struct NumberCoding {
  /// By number of the column.
  private(set) var columns: [NumberColumn]
  /// What is to be coded, in the order of the chunks and of the numbers in each.
  private(set) var differences: [Int64] = []

  /// So many numbers of a column show which predictor is best.
  private static let sampleLimit: UInt8 = 64

  init(_ splitter: borrowing PhraseSplitter, _ book: PhraseBook) {
    let count = book.columns.count
    let predictors = Self.predictors(splitter, book)
    columns = []
    columns.reserveCapacity(count)

    // Differences in order, and how many each column has.
    var columnOfNumber: [Int32] = []
    var sizes = [Int](repeating: 0, count: count + 1)
    var context = NumberContext()
    for chunk in 0..<splitter.chunks.count {
      Self.walk(splitter.chunks[chunk], splitter, book, &context) { column, operation, value, context in
        let isTime = operation.kind == .time
        let predictor = column >= 0 ? predictors[column] : NumberColumn.plain(operation.kind).predictor
        let prediction = context.prediction(predictor, column: column, isTime: isTime)
        differences.append(difference(value, from: prediction, unit: operation.unit))
        columnOfNumber.append(Int32(truncatingIfNeeded: column))
        if column >= 0 { sizes[column + 1] += 1 }
      }
    }
    // The same, column after column.
    for column in 0..<count { sizes[column + 1] += sizes[column] }
    var sorted = [Int64](repeating: 0, count: sizes[count])
    var next = sizes
    for (index, column) in columnOfNumber.enumerated() where column >= 0 {
      sorted[next[Int(column)]] = differences[index]
      next[Int(column)] += 1
    }
    for column in 0..<count {
      columns.append(NumberColumn(sorted[sizes[column]..<sizes[column + 1]], predictor: predictors[column]))
    }
  }

  /// For each column the predictor with the shortest differences.
  private static func predictors(
    _ splitter: borrowing PhraseSplitter, _ book: PhraseBook
  ) -> [Predictor] {
    let all = Predictor.allCases
    var costs = [UInt16](repeating: 0, count: book.columns.count * all.count)
    var samples = [UInt8](repeating: 0, count: book.columns.count)
    var context = NumberContext()
    for chunk in 0..<splitter.chunks.count {
      walk(splitter.chunks[chunk], splitter, book, &context) { column, operation, value, context in
        guard column >= 0, samples[column] < sampleLimit else { return }
        samples[column] += 1
        let isTime = operation.kind == .time
        let inverse = 1 / Double(operation.unit)
        for index in 0..<(isTime ? all.count : 3) {
          let prediction = context.prediction(all[index], column: column, isTime: isTime)
          // A difference in units, more or less: what it costs is only estimated.
          let units = UInt64(Double((value - prediction).magnitude) * inverse)
          let bits = 64 - units.leadingZeroBitCount
          costs[column * all.count + index] += UInt16(bits)
        }
      }
    }
    return book.columns.indices.map { column in
      let candidates = book.columns[column].kind == .time ? all[...] : all[..<3]
      let base = column * all.count
      return candidates.min { costs[base + Int($0.rawValue)] < costs[base + Int($1.rawValue)] } ?? .zero
    }
  }

  /// Visits the numbers of a chunk in order, each with what a reader knows by then.
  @inline(__always)
  private static func walk(
    _ chunk: PhraseSplitter.Chunk, _ splitter: borrowing PhraseSplitter, _ book: PhraseBook,
    _ context: inout NumberContext,
    _ visit: (_ column: Int, Operation, _ value: Int64, inout NumberContext) -> Void
  ) {
    context.beginChunk(columns: book.columns.count)
    var number = chunk.numbers.lowerBound
    var word = chunk.words.lowerBound
    var isFirst = true
    for occurrence in chunk.occurrences {
      let phrase = splitter.occurrences[occurrence]
      guard phrase >= 0 else { continue }
      if isFirst { context.beginDocument() }
      isFirst = false
      var column =
        switch book.forms[Int(phrase)] {
        case .phrase(let index), .words(let index): book.firstColumns[index]
        case .plain: -1
        }
      for operation in splitter.phrases[Int(phrase)] {
        switch operation.kind {
        case .id:
          context.addID()
          word += 1
        case .trace:
          context.beginTrace(epoch: UInt32(truncatingIfNeeded: splitter.words[word]))
          word += 3
        case .uuid: word += 2
        case .packed: word += 1
        case .idReference, .uuidReference, .integer, .digits, .time:
          let value = splitter.numbers[number]
          number += 1
          visit(column, operation, value, &context)
          context.add(value, column: column, isTime: operation.kind == .time)
          if operation.kind == .idReference { _ = context.refer(distance: Int(value)) }
          if column >= 0 { column += 1 }
        case .end: isFirst = true
        case .word, .text, .traceAgain, .literal: break
        }
      }
      context.endPhrase()
    }
  }
}

extension Operation {
  /// What differences of its numbers are counted in.
  @inline(__always)
  var unit: Int64 { kind == .time ? powersOfTen[9 - Int(argument & 15)] : 1 }
}
