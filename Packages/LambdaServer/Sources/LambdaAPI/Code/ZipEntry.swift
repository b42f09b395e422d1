/// One entry of an archive, as its directory tells it.
struct ZipEntry: Hashable {
  enum Kind: Hashable { case file, folder, link }

  /// The parts of its path, none of them empty, `.` or `..`.
  var path: [String]
  var kind: Kind
  var isExecutable: Bool
  var isDeflated: Bool
  var checksum: UInt32
  /// Where its own header begins.
  var offset: Int
  var packedSize: Int
  var size: Int
  /// Its name as it is written, to be found again in its own header.
  var name: ArraySlice<UInt8>

  var pathText: String { path.joined(separator: "/") }

  /// What file systems take, and far less deep than what they do not.
  static let nameLimit = 255
  static let pathLimit = 1024
  static let depthLimit = 64

  /// The parts of a path; a slash at its end is left out.
  static func parts(of name: ArraySlice<UInt8>) throws(ZipError) -> [String] {
    guard let text = String(validating: name, as: UTF8.self), !text.isEmpty, name.count <= pathLimit else {
      throw ZipError(.badPath, "an entry's name is empty, too long or not UTF-8")
    }
    guard !text.hasPrefix("/"), !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x5C || $0 == 0x7F }) else {
      throw ZipError(.badPath, "an entry's path is absolute or has a backslash or a control character")
    }
    var parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    if parts.last == "" { parts.removeLast() }
    parts.removeAll { $0 == "." }
    let isFine = parts.allSatisfy { !$0.isEmpty && $0 != ".." && $0.utf8.count <= nameLimit }
    guard isFine, parts.count <= depthLimit else {
      throw ZipError(.badPath, "the path \(text.prefix(100)) climbs out, or has an empty or too long part")
    }
    return parts
  }
}

/// Reads little-endian numbers of an archive.
struct ZipBytes {
  let bytes: [UInt8]

  func number16(_ offset: Int) -> Int { Int(bytes[offset]) | Int(bytes[offset + 1]) << 8 }
  func number32(_ offset: Int) -> Int { number16(offset) | number16(offset + 2) << 16 }
}
