/// Splits rare texts into a pattern, which may be common, and the numbers and random runs in it:
/// `order 4711 of 4d2a46c7-71cb-4cf1-b5bb-b68406d9da6f` is `order `, an integer, ` of ` and a UUID.
struct TextPatterns: ~Copyable {
  /// What a text became.
  struct Text: BitwiseCopyable {
    /// Number of the pattern, or -1 for one that must be written as it is.
    var pattern: Int
    /// Where the values of its holes begin in ``values``.
    var values: Int
  }
  private(set) var patterns = SequenceTable()
  /// By number of the literal; empty for those that were not split.
  private(set) var texts = Pool<Int32>()
  private var splits = Pool<Text>()
  /// The numbers of integers, two words of a UUID, the place of a packed run in the source.
  private(set) var values = Pool<UInt64>()
  private var sequence = Pool<Operation>()

  /// Texts with more parts are written as they are.
  private static let partLimit = 48
  /// Bounds the encoder's memory: with more literals, nothing is split any more.
  private static let literalLimit = 1 << 21

  /// Splits each literal of `table` that occurs less often.
  init(_ table: inout LiteralTable, below threshold: UInt32) {
    let count = table.count
    texts.fill(-1, count: count)
    for number in 0..<count where table[number].count < threshold && table.count < Self.literalLimit {
      texts[number] = Int32(splits.count)
      splits.append(split(table[number], in: &table))
    }
  }

  /// How a literal was split; `nil` when it was not.
  @inline(__always)
  func text(_ number: Int) -> Text? {
    guard number < texts.count, texts[number] >= 0 else { return nil }
    let text = splits[Int(texts[number])]
    return text.pattern >= 0 ? text : nil
  }

  private mutating func split(_ entry: LiteralTable.Entry, in table: inout LiteralTable) -> Text {
    let source = table.source
    let firstValue = values.count
    let end = Int(entry.start) + Int(entry.length)
    var position = Int(entry.start)
    var fragment = position
    sequence.removeAll()
    while position < end, sequence.count < Self.partLimit {
      let start = position
      guard isAlphanumeric(source[position]) else {
        position += 1
        continue
      }
      repeat { position += 1 } while position < end && isAlphanumeric(source[position])
      guard let hole = hole(source, start, &position, end) else { continue }
      if start > fragment {
        sequence.append(
          Operation(.literal, UInt32(table.intern(fragment, start - fragment, times: Int(entry.count)))))
      }
      sequence.append(hole)
      fragment = position
    }
    guard values.count > firstValue, sequence.count < Self.partLimit else {
      values.keep(first: firstValue)
      return Text(pattern: -1, values: firstValue)
    }
    if end > fragment {
      sequence.append(Operation(.literal, UInt32(table.intern(fragment, end - fragment, times: Int(entry.count)))))
    }
    return Text(pattern: patterns.intern(sequence.elements, times: Int(entry.count)), values: firstValue)
  }

  @inline(__always)
  private func isAlphanumeric(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26
  }

  /// What the run of letters and digits that begins at `start` and ends before `position` can be written as.
  private mutating func hole(
    _ source: UnsafePointer<UInt8>, _ start: Int, _ position: inout Int, _ end: Int
  ) -> Operation? {
    let count = position - start
    if count == 8, end - start >= 36, let (high, low) = uuid(source + start),
      end - start == 36 || !isAlphanumeric(source[start + 36])
    {
      position = start + 36
      values.append(high)
      values.append(low)
      return Operation(.uuid)
    }
    var digits = 0
    var upper = 0
    var highest: UInt8 = 0
    for index in start..<position {
      let byte = source[index]
      if byte <= UInt8(ascii: "9") {
        digits += 1
      } else {
        if byte <= UInt8(ascii: "Z") { upper += 1 }
        highest = max(highest, byte)
      }
    }
    if digits == count, count <= Int(Operation.digitsLimit) {
      var value: UInt64 = 0
      for index in start..<position { value = value * 10 + UInt64(source[index] - UInt8(ascii: "0")) }
      values.append(value)
      let hasZeros = source[start] == UInt8(ascii: "0") && count > 1
      return hasZeros ? Operation(.digits, UInt32(count)) : Operation(.integer)
    }
    guard digits > 0, count <= Operation.packedLimit else { return nil }
    let alphabet: Alphabet
    if count >= 8, upper == 0, highest <= UInt8(ascii: "f") {
      alphabet = .lowerHex
    } else if count >= 8, upper + digits == count, highest <= UInt8(ascii: "F") {
      alphabet = .upperHex
    } else if count >= 16, upper + digits == count, highest <= UInt8(ascii: "V") {
      alphabet = .base32
    } else if count >= 20 {
      alphabet = .base62
    } else {
      return nil
    }
    values.append(UInt64(start))
    return Operation(.packed, UInt32(count) << 2 | alphabet.rawValue)
  }

  private func uuid(_ text: UnsafePointer<UInt8>) -> (UInt64, UInt64)? {
    guard text[8] == UInt8(ascii: "-"), text[13] == UInt8(ascii: "-"), text[18] == UInt8(ascii: "-"),
      text[23] == UInt8(ascii: "-"), let a = hexDigits(text, 8), let b = hexDigits(text + 9, 4),
      let c = hexDigits(text + 14, 4), let d = hexDigits(text + 19, 4), let e = hexDigits(text + 24, 12)
    else { return nil }
    return (a << 32 | b << 16 | c, d << 48 | e)
  }
}
