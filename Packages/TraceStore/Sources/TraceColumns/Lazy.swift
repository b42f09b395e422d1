import Synchronization

/// A part of a blob that is read when it is first asked for, once for all copies.
final class Lazy<Value: Sendable>: Sendable {
  private let known = Mutex<Value?>(nil)
  private let read: @Sendable () throws(ColumnError) -> Value

  init(_ read: @escaping @Sendable () throws(ColumnError) -> Value) { self.read = read }

  func value() throws(ColumnError) -> Value {
    try known.withLock { known throws(ColumnError) in
      if let known { return known }
      let value = try read()
      known = value
      return value
    }
  }
}

/// Bytes in a blob that are deflated where that makes them smaller.
struct PackedBytes: Sendable {
  private let stream: ArraySlice<UInt8>
  private let count: Int
  private let offset: Int

  static func append(_ content: [UInt8], to bytes: inout [UInt8], _ deflater: Deflater) {
    let stream = content.count < 48 ? [] : deflater.deflate(content)
    let isSmaller = !stream.isEmpty && stream.count < content.count
    bytes.append(varint: content.count)
    bytes.append(varint: isSmaller ? stream.count : 0)
    bytes.append(contentsOf: isSmaller ? stream : content)
  }

  init(_ reader: inout ByteReader) throws(ColumnError) {
    count = try reader.count(limit: 1 << 30)
    let length = try reader.count()
    offset = reader.position
    stream = try reader.slice(length == 0 ? count : length)
  }

  func unpacked() throws(ColumnError) -> [UInt8] {
    if stream.count == count { return Array(stream) }
    guard let bytes = Zlib.inflate(stream, count: count) else { throw ColumnError(.malformed, at: offset) }
    return bytes
  }
}
