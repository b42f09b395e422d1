import Glibc
import XRayModel

/// Documents in a file, one a line, and where they are: what every measure works on.
struct DocumentSet: Sendable {
  let name: String
  let path: String
  /// Where the line of each document ends in the file, its line break included.
  fileprivate(set) var ends: [Int] = []
  /// Each trace, with the number of the document that it began with.
  fileprivate(set) var traces: [(id: TraceID, first: Int)] = []

  var count: Int { ends.count }

  /// Bytes that the first `count` documents take in the file.
  func bytes(ofFirst count: Int) -> Int { count == 0 ? 0 : ends[count - 1] }

  /// The traces that the first `count` documents begin.
  func traces(inFirst count: Int) -> [TraceID] { traces.prefix { $0.first < count }.map(\.id) }

  /// Reads documents `range` and passes them on, `size` at a time.
  func read(_ range: Range<Int>, by size: Int, _ take: (DocumentBatch) async throws -> Void) async throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure.failed("cannot open \(path): \(Console.systemError)") }
    defer { close(descriptor) }
    for first in stride(from: range.lowerBound, to: range.upperBound, by: size) {
      try await take(try batch(first..<min(first + size, range.upperBound), of: descriptor))
    }
  }

  private func batch(_ range: Range<Int>, of descriptor: Int32) throws(Failure) -> DocumentBatch {
    let start = bytes(ofFirst: range.lowerBound)
    let length = bytes(ofFirst: range.upperBound) - start
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 16)
    defer { buffer.deallocate() }
    var filled = 0
    while filled < length {
      let count = pread(descriptor, buffer.baseAddress! + filled, length - filled, off_t(start + filled))
      if count <= 0, errno != EINTR || count == 0 { throw .failed("cannot read \(path): \(Console.systemError)") }
      filled += max(count, 0)
    }
    var batch = DocumentBatch()
    batch.reserveCapacity(documents: range.count, bytes: length)
    for index in range {
      let line = bytes(ofFirst: index) - start..<ends[index] - start - 1
      batch.append(copying: UnsafeRawBufferPointer(rebasing: buffer[line]))
    }
    return batch
  }
}

/// Makes a ``DocumentSet``, document by document.
struct DocumentSetWriter: ~Copyable {
  private var documents: DocumentSet
  private var known: Set<TraceID> = []
  private let output: Output
  private var buffer: [UInt8] = []
  private var written = 0

  init(name: String, path: String) throws(Failure) {
    documents = DocumentSet(name: name, path: path)
    output = try Output(path: path)
  }

  var count: Int { documents.count }

  mutating func append(_ document: ArraySlice<UInt8>) throws(Failure) {
    if let index = try? SegmentIndex(scanning: document.span), known.insert(index.traceID).inserted {
      documents.traces.append((index.traceID, documents.count))
    }
    buffer += document
    buffer.append(UInt8(ascii: "\n"))
    documents.ends.append(written + buffer.count)
    if buffer.count > 1 << 20 { try flush() }
  }

  consuming func finish() throws(Failure) -> DocumentSet {
    try flush()
    return documents
  }

  private mutating func flush() throws(Failure) {
    try output.write(buffer)
    written += buffer.count
    buffer.removeAll(keepingCapacity: true)
  }
}

extension DocumentSet {
  /// What simulated Lambda functions send; the same for the same seed.
  static func synthetic(_ count: Int, seed: UInt64, in folder: String) throws -> DocumentSet {
    var writer = try DocumentSetWriter(name: "synthetic", path: "\(folder)/synthetic.ndjson")
    var traffic = SyntheticTraffic(random: RandomSource(seed: seed))
    while writer.count < count { try writer.append(traffic.next()[...]) }
    return try writer.finish()
  }

  /// The first `limit` documents of a file that `zstd` packed; `nil` when that is not installed.
  static func recorded(_ file: String, limit: Int, in folder: String) throws -> DocumentSet? {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0, ends.allSatisfy({ fcntl($0, F_SETFD, FD_CLOEXEC) == 0 }) else {
      throw Failure.failed("no pipe: \(Console.systemError)")
    }
    let child: ChildProcess?
    do {
      defer { close(ends[1]) }
      child = try ChildProcess("zstd", ["-dcq", file], output: ends[1])
    } catch {
      close(ends[0])
      throw error
    }
    let name = String(file.split(separator: "/").last?.prefix { $0 != "." } ?? "recorded")
    let documents = try read(ends[0], name: name, limit: limit, in: folder)
    try child?.wait(mayFail: documents.count == limit)
    return child == nil ? nil : documents
  }

  private static func read(_ pipe: Int32, name: String, limit: Int, in folder: String) throws -> DocumentSet {
    defer { close(pipe) }
    var writer = try DocumentSetWriter(name: name, path: "\(folder)/\(name).ndjson")
    var file = try DocumentFile(path: "/dev/fd/\(pipe)")
    while writer.count < limit, let batch = try file.next() {
      for index in 0..<min(batch.count, limit - writer.count) { try writer.append(batch[index]) }
    }
    return try writer.finish()
  }

  /// The packed streams of documents in the folder `stream` of the one that FLUORO_CORPUS names, if it does.
  static var recordedFiles: [String] {
    guard let corpus = getenv("FLUORO_CORPUS").map({ String(cString: $0) }), !corpus.isEmpty else { return [] }
    var found = glob_t()
    defer { globfree(&found) }
    guard glob("\(corpus)/stream/*.ndjson.zst", 0, nil, &found) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
  }
}
