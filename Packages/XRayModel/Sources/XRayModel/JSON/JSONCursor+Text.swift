extension JSONCursor {
  /// Hands over the bytes of a string. One with escapes is resolved first, which allocates and hardly happens
  /// where this is used: ids have none.
  @inline(__always)
  func withBytes<Result>(_ token: StringToken, _ read: (Span<UInt8>) -> Result) -> Result {
    if token.hasEscapes {
      let text = Array(text(token).utf8)
      return read(text.span)
    }
    let raw = UnsafeBufferPointer(start: base + token.range.lowerBound, count: token.range.count)
    return read(Span(_unsafeElements: raw))
  }

  /// Whether a string says `word`.
  func text(_ token: StringToken, is word: StaticString) -> Bool {
    token.hasEscapes ? text(token) == word.description : matches(word, in: token.range)
  }

  /// The content of a string, with its escapes resolved. Half of a surrogate pair becomes U+FFFD.
  func text(_ token: StringToken) -> String {
    let raw = UnsafeBufferPointer(start: base + token.range.lowerBound, count: token.range.count)
    guard token.hasEscapes else { return String(decoding: raw, as: UTF8.self) }
    var units: [UInt8] = []
    append(token, to: &units)
    return String(decoding: units, as: UTF8.self)
  }

  /// Appends the content of a string, with its escapes resolved; UTF-8 once the whole input is known to be.
  func append(_ token: StringToken, to bytes: inout [UInt8]) {
    let raw = UnsafeBufferPointer(start: base + token.range.lowerBound, count: token.range.count)
    guard token.hasEscapes else { return bytes.append(contentsOf: raw) }
    // No escape stands for more bytes than it is written with.
    bytes.append(addingCapacity: raw.count) { output in
      var index = 0
      while index < raw.count {
        guard raw[index] == UInt8(ascii: "\\") else {
          output.append(raw[index])
          index += 1
          continue
        }
        let kind = raw[index + 1]
        index += 2
        if kind == UInt8(ascii: "u") {
          for unit in UTF8.encode(scalar(in: raw, at: &index)) ?? UTF8.encodedReplacementCharacter {
            output.append(unit)
          }
        } else {
          output.append(Self.unescaped(kind))
        }
      }
    }
  }

  private static func unescaped(_ kind: UInt8) -> UInt8 {
    switch kind {
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0C
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "r"): 0x0D
    case UInt8(ascii: "t"): 0x09
    default: kind
    }
  }

  /// The scalar of one `\u` escape, or of the pair of them that stands for it, whose digits begin at `index`.
  private func scalar(in raw: UnsafeBufferPointer<UInt8>, at index: inout Int) -> Unicode.Scalar {
    func unit(at start: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 << 4 | UInt32(hexDigit(raw[start + $1])) }
    }
    let first = unit(at: index)
    index += 4
    if 0xD800..<0xDC00 ~= first, index + 5 < raw.count, raw[index] == UInt8(ascii: "\\"),
      raw[index + 1] == UInt8(ascii: "u"), case let second = unit(at: index + 2), 0xDC00..<0xE000 ~= second
    {
      index += 6
      return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
    }
    return Unicode.Scalar(first) ?? "\u{FFFD}"
  }
}
