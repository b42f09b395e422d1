/// Writes protobuf messages, the way a sender does.
struct Wire {
  private(set) var bytes: [UInt8] = []

  private mutating func varint(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }

  func number(_ field: UInt64, _ value: UInt64) -> Wire {
    var wire = self
    wire.varint(field << 3)
    wire.varint(value)
    return wire
  }

  func fixed64(_ field: UInt64, _ value: UInt64) -> Wire {
    var wire = self
    wire.varint(field << 3 | 1)
    for shift in stride(from: UInt64(0), to: 64, by: 8) { wire.bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    return wire
  }

  func fixed32(_ field: UInt64, _ value: UInt32) -> Wire {
    var wire = self
    wire.varint(field << 3 | 5)
    for shift in stride(from: UInt32(0), to: 32, by: 8) { wire.bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    return wire
  }

  func data(_ field: UInt64, _ data: [UInt8]) -> Wire {
    var wire = self
    wire.varint(field << 3 | 2)
    wire.varint(UInt64(data.count))
    wire.bytes += data
    return wire
  }

  func text(_ field: UInt64, _ text: String) -> Wire { data(field, Array(text.utf8)) }
  func message(_ field: UInt64, _ message: Wire) -> Wire { data(field, message.bytes) }

  /// A group, which OTLP has none of.
  func group(_ field: UInt64, _ content: Wire) -> Wire {
    var wire = self
    wire.varint(field << 3 | 3)
    wire.bytes += content.bytes
    wire.varint(field << 3 | 4)
    return wire
  }

  /// An attribute, a `KeyValue` with an `AnyValue`.
  func attribute(_ field: UInt64, _ key: String, _ value: Wire) -> Wire {
    message(field, Wire().text(1, key).message(2, value))
  }
  func attribute(_ field: UInt64, _ key: String, _ value: String) -> Wire {
    attribute(field, key, Wire().text(1, value))
  }
}

/// Bytes from hexadecimal digits.
func hex(_ text: String) -> [UInt8] {
  let digits = text.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
