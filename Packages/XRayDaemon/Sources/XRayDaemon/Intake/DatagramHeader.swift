import XRayModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The line that stands before the document in a datagram: `{"format":"json","version":1}`.
public enum DatagramHeader {
  /// Bytes that a header may have. What SDKs send has about 30.
  public static let sizeLimit = 1024

  private static let usual: [StaticString] = [
    "{\"format\":\"json\",\"version\":1}\n", "{\"format\": \"json\", \"version\": 1}\n",
  ]

  /// Finds where the document begins: after the first line feed, up to the datagram's end.
  ///
  /// The header must be a JSON object with a `format` of `json` in any letter case and the number 1 as its
  /// `version`; further members, blanks and a carriage return before the line feed are fine. The document's
  /// own bytes are not looked at.
  public static func documentOffset(in datagram: Span<UInt8>) throws(DatagramRejection) -> Int {
    guard !datagram.isEmpty else { throw .empty }
    var offset = usual.first { datagram.begins(with: $0) }?.utf8CodeUnitCount
    if offset == nil {
      let header = try headerEnd(in: datagram)
      try check(datagram.extracting(0..<header))
      offset = header + 1
    }
    guard let offset, offset < datagram.count else { throw .noDocument }
    return offset
  }

  private static func headerEnd(in datagram: Span<UInt8>) throws(DatagramRejection) -> Int {
    guard let end = datagram.offset(of: UInt8(ascii: "\n")) else { throw .noLineFeed }
    guard end <= sizeLimit else { throw .badHeader }
    return end
  }

  private static func check(_ header: Span<UInt8>) throws(DatagramRejection) {
    guard let header = (try? JSONValue(parsing: header))?.object else { throw .badHeader }
    guard header["format"]?.string?.lowercased() == "json" else { throw .unknownFormat }
    guard header["version"]?.number?.integer == 1 else { throw .unknownVersion }
  }
}

/// Why a datagram was not taken.
public enum DatagramRejection: String, Error, Hashable, Sendable, CaseIterable {
  case empty = "empty datagram"
  case noLineFeed = "no line feed after the header"
  /// The header is over ``DatagramHeader/sizeLimit`` or not a JSON object.
  case badHeader = "bad header"
  case unknownFormat = "unknown format"
  case unknownVersion = "unknown version"
  case noDocument = "no document after the header"
}

extension Span<UInt8> {
  fileprivate func offset(of byte: UInt8) -> Int? {
    withUnsafeBytes { bytes in
      bytes.baseAddress.flatMap { base in memchr(base, Int32(byte), bytes.count).map { base.distance(to: $0) } }
    }
  }

  fileprivate func begins(with text: StaticString) -> Bool {
    guard count >= text.utf8CodeUnitCount else { return false }
    return withUnsafeBytes { bytes in
      bytes.baseAddress.map { memcmp($0, text.utf8Start, text.utf8CodeUnitCount) == 0 } ?? false
    }
  }
}
