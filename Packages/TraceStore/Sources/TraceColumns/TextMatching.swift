import TraceFilters

extension TextTable {
  /// Which texts pass a test.
  func matches(_ test: FilterPart.TextTest?) throws(ColumnError) -> [Bool] {
    guard let test else { return [Bool](repeating: true, count: count) }
    return try texts().matches(test)
  }
}

extension Texts {
  fileprivate func matches(_ test: FilterPart.TextTest) -> [Bool] {
    test.bytes.withUnsafeBytes { wanted in
      withBytes { bytes, range in
        if test.comparator == .contains, !wanted.isEmpty { return containing(wanted, bytes, range) }
        return (0..<count).map { test.comparator.holds(UnsafeRawBufferPointer(rebasing: bytes[range($0)]), wanted) }
      }
    }
  }

  /// Searches all texts at once, since they lie one after the other, with the steps of Horspool's algorithm: what
  /// stands under the last byte of the wanted text tells how far it may move.
  private func containing(
    _ wanted: UnsafeRawBufferPointer, _ bytes: UnsafeRawBufferPointer, _ range: (Int) -> Range<Int>
  ) -> [Bool] {
    var found = [Bool](repeating: false, count: count)
    guard count > 0 else { return found }
    let last = wanted.count - 1
    var steps = [Int](repeating: wanted.count, count: 256)
    for offset in 0..<last { steps[Int(wanted[offset])] = last - offset }
    let end = range(count - 1).upperBound
    var position = range(0).lowerBound
    var place = 0
    steps.withUnsafeBufferPointer { steps in
      while position + last < end {
        let under = bytes[position + last]
        if under == wanted[last], bytes[position..<position + last].elementsEqual(wanted[..<last]) {
          while range(place).upperBound <= position { place += 1 }
          if position + last < range(place).upperBound {
            found[place] = true
            position = range(place).upperBound
            continue
          }
        }
        position += steps[Int(under)]
      }
    }
    return found
  }
}

extension Comparison.Operator {
  /// Of texts.
  fileprivate func holds(_ text: UnsafeRawBufferPointer, _ wanted: UnsafeRawBufferPointer) -> Bool {
    switch self {
    case .equal: text.elementsEqual(wanted)
    case .notEqual: !text.elementsEqual(wanted)
    case .beginsWith: text.starts(with: wanted)
    case .endsWith: text.count >= wanted.count && text.suffix(wanted.count).elementsEqual(wanted)
    // Only the empty text is looked for here: every text contains it.
    case .contains: wanted.isEmpty
    case .less, .lessOrEqual, .greater, .greaterOrEqual: false
    }
  }
}
