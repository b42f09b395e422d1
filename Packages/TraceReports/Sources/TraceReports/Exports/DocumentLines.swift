public import XRayModel

/// Segment documents as they were sent, one a line (NDJSON).
public enum DocumentLines {
  /// Byte for byte, each ended by a line feed. A line feed between the members of a document, which JSON allows
  /// and a line does not, becomes a blank; nothing else is touched.
  public static func bytes(_ batch: DocumentBatch) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(batch.bytes.count + batch.count)
    for index in 0..<batch.count {
      for byte in batch[index] { bytes.append(byte == 0x0A || byte == 0x0D ? 0x20 : byte) }
      bytes.append(0x0A)
    }
    return bytes
  }
}
