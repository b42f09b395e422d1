/// Chooses which phrases the dictionary holds, and numbers them and their literals.
struct PhraseBook {
  /// How an occurrence of a phrase is written.
  enum Form {
    /// As that phrase of the dictionary.
    case phrase(Int)
    /// As that phrase of the dictionary, and then the numbers of the literals that its words stand for.
    case words(Int)
    /// Operation by operation.
    case plain
  }
  /// By number of the phrase as ``PhraseSplitter`` made it.
  private(set) var forms: [Form]
  /// The dictionary's phrases, the most frequent first.
  private(set) var phrases: [[Operation]] = []
  /// For each phrase of the dictionary, the number of its first number column.
  private(set) var firstColumns: [Int] = []
  /// For each number column of the dictionary, the operation that has it.
  private(set) var columns: [Operation] = []
  /// The dictionary's literals, as numbers in the ``LiteralTable``.
  private(set) var literals: [Int] = []
  private var literalNumbers: [Int32]

  /// Phrases that occur less often in a block share one with others that differ only in common texts.
  static let phraseThreshold = 4
  /// What occurs less often than this even so is written out where it occurs.
  static let wordsThreshold = 2

  init(_ specific: borrowing SequenceTable, literals count: Int) {
    var general = SequenceTable()
    var generalNumbers = [Int](repeating: -1, count: specific.entries.count)
    // The count, which table, the number in it.
    var chosen: [(count: Int, isGeneral: Bool, number: Int)] = []
    for number in 0..<specific.entries.count {
      let entry = specific.entries[number]
      if entry.count >= Self.phraseThreshold {
        chosen.append((entry.count, false, number))
      } else {
        let sequence = specific[number].map { $0.kind == .word ? Operation(.word) : $0 }
        generalNumbers[number] = sequence.withUnsafeBufferPointer { general.intern($0, times: entry.count) }
      }
    }
    for number in 0..<general.entries.count where general.entries[number].count >= Self.wordsThreshold {
      chosen.append((general.entries[number].count, true, number))
    }
    chosen.sort { ($0.count, $1.isGeneral ? 1 : 0, $1.number) > ($1.count, $0.isGeneral ? 1 : 0, $0.number) }

    forms = [Form](repeating: .plain, count: specific.entries.count)
    literalNumbers = [Int32](repeating: -1, count: count)
    var phraseOfGeneral = [Int](repeating: -1, count: general.entries.count)
    for (index, choice) in chosen.enumerated() {
      if choice.isGeneral { phraseOfGeneral[choice.number] = index } else { forms[choice.number] = .phrase(index) }
      add(choice.isGeneral ? general[choice.number] : specific[choice.number], isGeneral: choice.isGeneral)
    }
    for number in forms.indices where generalNumbers[number] >= 0 {
      let phrase = phraseOfGeneral[generalNumbers[number]]
      if phrase >= 0 { forms[number] = .words(phrase) }
      for operation in specific[number] {
        switch operation.kind {
        case .word: use(operation.argument)
        case .literal where phrase < 0: use(operation.argument)
        default: break
        }
      }
    }
  }

  /// The dictionary's number of a literal that some phrase uses.
  @inline(__always)
  func number(ofLiteral literal: UInt32) -> UInt32 { UInt32(literalNumbers[Int(literal)]) }

  private mutating func use(_ literal: UInt32) {
    guard literalNumbers[Int(literal)] < 0 else { return }
    literalNumbers[Int(literal)] = Int32(literals.count)
    literals.append(Int(literal))
  }

  private mutating func add(_ sequence: UnsafeBufferPointer<Operation>, isGeneral: Bool) {
    firstColumns.append(columns.count)
    phrases.append(
      sequence.map { operation in
        if operation.isNumber { columns.append(operation) }
        guard operation.kind == .literal || operation.kind == .word && !isGeneral else { return operation }
        use(operation.argument)
        return Operation(.literal, number(ofLiteral: operation.argument))
      })
  }
}
