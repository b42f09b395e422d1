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
    let (marks, controls, isASCII) = document.withUnsafeBufferPointer { count($0) }
    guard isASCII, controls == 0 else {
      var writer = JSONWriter()
      writer.string(String(decoding: document, as: UTF8.self))
      body += writer.bytes
      return
    }
    body.append(addingCapacity: document.count + marks + 2) { output in
      output.append(UInt8(ascii: "\""))
      document.withUnsafeBufferPointer { bytes in
        for byte in bytes {
          if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { output.append(UInt8(ascii: "\\")) }
          output.append(byte)
        }
      }
      output.append(UInt8(ascii: "\""))
    }
  }

  /// How many bytes need a backslash or six characters, and whether all others stand for themselves.
  private static func count(_ bytes: UnsafeBufferPointer<UInt8>) -> (marks: Int, controls: Int, isASCII: Bool) {
    var (marks, controls, all) = (0, 0, UInt8(0))
    for byte in bytes {
      marks &+= byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? 1 : 0
      controls &+= byte < 0x20 ? 1 : 0
      all |= byte
    }
    return (marks, controls, all < 0x80)
  }
}
