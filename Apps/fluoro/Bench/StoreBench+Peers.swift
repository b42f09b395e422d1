import CZlib
import Glibc
import XRayModel

extension StoreBench {
  /// The ways of keeping documents that take a moment only.
  func quickPeers(_ documents: DocumentSet) throws -> [Peer] {
    let watch = Stopwatch()
    try eachBlock(of: documents) { _ in }
    let read = Packed(
      documents: documents.count, processorSeconds: watch.cost.processorSeconds,
      bytes: documents.bytes(ofFirst: documents.count))
    return [
      Peer(name: "reading the file", packed: read),
      Peer(name: "SQLite, a row per document (Python)", packed: try rowPerDocument(documents)),
      Peer(name: "zlib -6, blocks of 64 KiB", packed: try deflated(documents)),
      Peer(name: "zstd -3, the whole file", packed: try Zstd(level: 3, documents)?.finish()),
    ]
  }

  /// Adds a row for the store and one for each of `peers`.
  mutating func compare(_ whole: Ingestion, of documents: DocumentSet, with peers: [Peer]) {
    let store = Packed(
      documents: whole.documents, processorSeconds: whole.cost.processorSeconds, bytes: whole.fileBytes)
    for peer in [Peer(name: "Fluoro's store, batches of 500", packed: store)] + peers {
      guard let packed = peer.packed else {
        let missing = BenchTable.Cell.missing("not installed")
        self.peers.append(.text(documents.name), .text(peer.name), missing, missing, missing, missing, missing)
        continue
      }
      let count = Double(packed.documents)
      let bytes = Double(packed.bytes) / count
      let raw = Double(documents.bytes(ofFirst: documents.count)) / Double(documents.count)
      self.peers.append(
        .text(documents.name), .text(peer.name), .count(packed.documents),
        .number(packed.processorSeconds * 1e6 / count, places: 2), .number(bytes, places: 1),
        .number(raw / bytes, places: 2), .number(Double(store.bytes) / Double(store.documents) / bytes, places: 2))
    }
  }

  private func deflated(_ documents: DocumentSet) throws -> Packed {
    let room = UnsafeMutablePointer<UInt8>.allocate(capacity: Int(compressBound(65_536)))
    defer { room.deallocate() }
    var bytes = 0
    let watch = Stopwatch()
    try eachBlock(of: documents) { block in
      var length = compressBound(UInt(block.count))
      let code = compress2(room, &length, block.bindMemory(to: UInt8.self).baseAddress, UInt(block.count), 6)
      guard code == Z_OK else { throw Failure.failed("zlib failed with \(code)") }
      bytes += Int(length)
    }
    return Packed(documents: documents.count, processorSeconds: watch.cost.processorSeconds, bytes: bytes)
  }

  private func eachBlock(of documents: DocumentSet, _ take: (UnsafeRawBufferPointer) throws -> Void) throws {
    let descriptor = open(documents.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure.failed("cannot open \(documents.path): \(Console.systemError)") }
    defer { close(descriptor) }
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    defer { block.deallocate() }
    while true {
      let count = read(descriptor, block.baseAddress, block.count)
      guard count >= 0 else { throw Failure.failed("cannot read \(documents.path): \(Console.systemError)") }
      if count == 0 { return }
      try take(UnsafeRawBufferPointer(rebasing: block[..<count]))
    }
  }

  /// What many would do: Python puts each document into a row, 500 at a time, and indexes the trace ids.
  private func rowPerDocument(_ documents: DocumentSet) throws -> Packed? {
    let database = "\(folder)/rows.sqlite"
    defer { unlink(database) }
    let answer = "\(folder)/rows.txt"
    let descriptor = open(answer, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Failure.failed("cannot write \(answer): \(Console.systemError)") }
    defer { close(descriptor) }
    guard
      let python = try ChildProcess("python3", ["-c", Self.rowsProgram, documents.path, database], output: descriptor)
    else { return nil }
    try python.wait()
    guard let seconds = Double(systemText(answer).prefix { !$0.isWhitespace }) else {
      throw Failure.failed("python3 did not tell how long it took")
    }
    var status = stat()
    guard stat(database, &status) == 0 else { throw Failure.failed("python3 left no database behind") }
    return Packed(documents: documents.count, processorSeconds: seconds, bytes: Int(status.st_size))
  }

  private static let rowsProgram = """
    import resource, sqlite3, sys
    def used():
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime
    start = used()
    db = sqlite3.connect(sys.argv[2], isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("CREATE TABLE document (id INTEGER PRIMARY KEY, trace TEXT, body TEXT)")
    db.execute("CREATE INDEX document_trace ON document (trace)")
    def put(rows):
        db.execute("BEGIN")
        db.executemany("INSERT INTO document (trace, body) VALUES (?, ?)", rows)
        db.execute("COMMIT")
    rows = []
    for line in open(sys.argv[1], encoding="utf-8", newline="\\n"):
        place = line.find('"trace_id":"') + 12
        rows.append((line[place:place + 35], line[:-1]))
        if len(rows) == 500:
            put(rows)
            rows = []
    put(rows)
    db.close()
    print(used() - start)
    """
}

/// Another way of keeping documents, and what came of it; `nil` when it is not installed.
struct Peer {
  var name: String
  var packed: Packed?
}

/// Documents in another form.
struct Packed {
  var documents: Int
  var processorSeconds: Double
  var bytes: Int
}

/// The `zstd` program, at work on a whole file, on one thread.
struct Zstd {
  private let child: ChildProcess
  private let output: String
  private let documents: Int

  /// `nil` when it is not installed.
  init?(level: Int, _ documents: DocumentSet) throws {
    output = "\(documents.path).\(level).zst"
    self.documents = documents.count
    guard
      let child = try ChildProcess(
        "zstd", ["-\(level)", "-T1", "--single-thread", "-q", "-f", "-o", output, documents.path])
    else { return nil }
    self.child = child
  }

  func finish() throws -> Packed {
    defer { unlink(output) }
    let seconds = try child.wait()
    var status = stat()
    guard stat(output, &status) == 0 else { throw Failure.failed("zstd left no file behind") }
    return Packed(documents: documents, processorSeconds: seconds, bytes: Int(status.st_size))
  }
}
