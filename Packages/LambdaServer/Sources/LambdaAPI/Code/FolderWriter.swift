#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes the entries of an archive into a folder of its own.
struct FolderWriter {
  /// Exists, is empty, and nobody else writes there.
  let folder: String

  /// Folders first, then files, links at last: nothing is ever written through a link.
  func write(_ archive: ZipArchive) throws(ZipError) {
    for path in archive.folders.sorted(by: { $0.count < $1.count }) {
      try check(mkdir(place(path), 0o755), path)
    }
    for entry in archive.entries where entry.kind == .file { try write(entry, of: archive) }
    let targets = archive.folders.union(archive.entries.map(\.path))
    for entry in archive.entries where entry.kind == .link {
      let target = try target(of: entry, in: archive, targets: targets)
      try check(symlink(target, place(entry.path)), entry.path)
    }
  }

  private func write(_ entry: ZipEntry, of archive: ZipArchive) throws(ZipError) {
    let mode: mode_t = entry.isExecutable ? 0o755 : 0o644
    let descriptor = open(place(entry.path), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, mode)
    try check(descriptor, entry.path)
    defer { close(descriptor) }
    try archive.read(entry) { piece throws(ZipError) in
      var rest = piece[...]
      while !rest.isEmpty {
        let written = Self.put(UnsafeRawBufferPointer(rebasing: rest), into: descriptor)
        guard written > 0 else { throw ZipError(.cannotWrite, "\(entry.pathText): \(systemMessage())") }
        rest = rest.dropFirst(written)
      }
    }
  }

  private static func put(_ bytes: UnsafeRawBufferPointer, into descriptor: Int32) -> Int {
    while true {
      let count = Self.write(descriptor, bytes)
      if count >= 0 || errno != EINTR { return count }
    }
  }

  private static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #elseif canImport(Musl)
      Musl.write(descriptor, bytes.baseAddress, bytes.count)
    #else
      Darwin.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
  }

  /// Where a link leads: to an entry of the archive, up from its own folder first and then only down through true
  /// folders, so that no link on the way can lead it elsewhere.
  private func target(
    of link: ZipEntry, in archive: ZipArchive, targets: Set<[String]>
  ) throws(ZipError) -> String {
    guard link.size <= ZipEntry.pathLimit else { throw ZipError(.badPath, "the link \(link.pathText) is too long") }
    var bytes: [UInt8] = []
    try archive.read(link) { piece in bytes += piece }
    let refusal = ZipError(.badPath, "the link \(link.pathText) leads out of the archive, or to nothing in it")
    guard let text = String(validating: bytes, as: UTF8.self), !text.hasPrefix("/"), !bytes.contains(0) else {
      throw refusal
    }
    var place = Array(link.path.dropLast())
    var parts = text.split(separator: "/").map(String.init).filter { $0 != "." }[...]
    while parts.first == ".." {
      guard !place.isEmpty else { throw refusal }
      place.removeLast()
      parts = parts.dropFirst()
    }
    place += parts
    let parent = Array(place.dropLast())
    guard !parts.contains(".."), targets.contains(place), parent.isEmpty || archive.folders.contains(parent) else {
      throw refusal
    }
    return text
  }

  private func place(_ path: [String]) -> String { folder + "/" + path.joined(separator: "/") }

  private func check(_ code: Int32, _ path: [String]) throws(ZipError) {
    guard code >= 0 else { throw ZipError(.cannotWrite, "\(path.joined(separator: "/")): \(systemMessage())") }
  }
}

/// What the last call of the system that failed says.
func systemMessage() -> String { String(cString: strerror(errno)) }
