import XRayModel

/// The body of a `PutTraceSegments` call: documents travel as JSON strings, in which invalid UTF-8 becomes U+FFFD.
enum PutTraceSegmentsBody {
  static func bytes(of batch: DocumentBatch, _ range: Range<Int>) -> [UInt8] {
    let first = range.isEmpty ? 0 : batch.range(of: range.lowerBound).lowerBound
    let last = range.isEmpty ? 0 : batch.range(of: range.upperBound - 1).upperBound
    var body: [UInt8] = []
    // Documents are full of quotes: an eighth more is what they usually need.
    body.reserveCapacity((last - first) * 5 / 4 + range.count * 3 + 64)
    body += "{\"TraceSegmentDocuments\":[".utf8
    for index in range {
      if index > range.lowerBound { body.append(UInt8(ascii: ",")) }
      append(batch[index], to: &body)
    }
    body += "]}".utf8
    return body
  }

  private static func append(_ document: ArraySlice<UInt8>, to body: inout [UInt8]) {
    let (marks, isPlain) = document.withUnsafeBufferPointer { look(at: $0) }
    guard isPlain else {
      var writer = JSONWriter()
      writer.string(String(decoding: document, as: UTF8.self))
      body += writer.bytes
      return
    }
    body.append(addingCapacity: document.count + marks + 2) { output in
      output.append(UInt8(ascii: "\""))
      // Without branches: quotes are many and come where no processor expects them. The backslash is written before
      // every byte, and stays where the next one is not put in its place.
      output.withUnsafeMutableBufferPointer { memory, count in
        var end = count
        document.withUnsafeBufferPointer { bytes in
          for byte in bytes {
            memory[end] = UInt8(ascii: "\\")
            end &+= isMark(byte) ? 1 : 0
            memory[end] = byte
            end &+= 1
          }
        }
        count = end
      }
      output.append(UInt8(ascii: "\""))
    }
  }

  private static func isMark(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") }

  /// How many bytes need a backslash, and whether all others stand for themselves: ASCII, and no control characters.
  private static func look(at bytes: UnsafeBufferPointer<UInt8>) -> (marks: Int, isPlain: Bool) {
    var (marks, all, least) = (0, UInt8(0), UInt8.max)
    // Counted in a byte, 128 at a time: then the processor looks at many bytes at once.
    for start in stride(from: 0, to: bytes.count, by: 128) {
      var count: UInt8 = 0
      for byte in bytes[start..<min(start + 128, bytes.count)] {
        count &+= isMark(byte) ? 1 : 0
        all |= byte
        least = min(least, byte)
      }
      marks += Int(count)
    }
    return (marks, all < 0x80 && least >= 0x20)
  }
}
