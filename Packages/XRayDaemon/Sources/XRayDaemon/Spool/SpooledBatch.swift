import XRayModel

/// A file of the spool: the number of its documents, then each with its length and a checksum.
///
///     "fluoroB1"  count u32  (length u32  checksum u32  bytes)…        numbers little-endian
struct SpooledBatch: Sendable {
  let number: Int
  let batch: DocumentBatch
  /// Documents that the file announces and that cannot be read any more.
  let damaged: Int

  static let magic: [UInt8] = Array("fluoroB1".utf8)
  static let headSize = magic.count + 4
  /// No batch is larger, whatever a file's size says.
  static let largest = 16 << 20
  private static let mostDocuments = 65_536

  static func size(of batch: DocumentBatch) -> Int { headSize + batch.count * 8 + batch.bytes.count }

  static func encode(_ batch: DocumentBatch) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size(of: batch))
    bytes += magic
    bytes.append(littleEndian: UInt32(batch.count))
    for index in 0..<batch.count {
      let document = batch[index]
      bytes.append(littleEndian: UInt32(document.count))
      bytes.append(littleEndian: checksum(document))
      bytes += document
    }
    return bytes
  }

  /// How many documents a file says that it has; at least 1, for one that cannot even say so lost something.
  static func documents(announcedBy head: [UInt8]) -> Int {
    guard head.count >= headSize, head.prefix(magic.count).elementsEqual(magic) else { return 1 }
    return max(1, min(Int(head.littleEndian(at: magic.count)), mostDocuments))
  }

  init(number: Int, expected: Int, decoding bytes: [UInt8]) {
    self.number = number
    var batch = DocumentBatch()
    var position = bytes.starts(with: Self.magic) ? Self.headSize : bytes.count
    while batch.count < expected, position + 8 <= bytes.count {
      let length = Int(bytes.littleEndian(at: position))
      let checksum = bytes.littleEndian(at: position + 4)
      guard length <= bytes.count - position - 8 else { break }
      let document = bytes[position + 8..<position + 8 + length]
      // A later document may still be whole.
      if Self.checksum(document) == checksum { batch.append(document) }
      position += 8 + length
    }
    self.batch = batch
    damaged = expected - batch.count
  }

  /// FNV-1a: enough to notice that a disk gave something else back.
  private static func checksum(_ document: ArraySlice<UInt8>) -> UInt32 {
    document.withUnsafeBufferPointer { bytes in
      var hash: UInt32 = 0x811C_9DC5
      for byte in bytes { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
      return hash
    }
  }
}

extension [UInt8] {
  fileprivate mutating func append(littleEndian value: UInt32) {
    for shift in stride(from: UInt32(0), to: 32, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  fileprivate func littleEndian(at offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(self[offset + $1]) << (8 * UInt32($1)) }
  }
}
