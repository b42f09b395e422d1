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
      Peer(name: "SQLite, a row per document (Python)", packed: try python(.rows, documents, limit: documents.count)),
      Peer(name: "zlib -6, blocks of 64 KiB", packed: try deflated(documents)),
      Peer(name: "zstd -3, the whole file", packed: try Zstd(level: 3, documents)?.finish()),
      Peer(
        name: "arize-phoenix on SQLite", packed: try python(.phoenix, documents, limit: effort.slowPeerDocuments)),
      Peer(name: "clickhouse-server", packed: try python(.clickHouse, documents, limit: documents.count)),
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

  /// What programs in Python do with the same documents.
  private func python(_ program: PeerProgram, _ documents: DocumentSet, limit: Int) throws -> Packed? {
    let place = "\(folder)/\(program.name)"
    defer { TemporaryFolder.remove(place) }
    guard mkdir(place, 0o700) == 0 else { throw Failure.failed("cannot make \(place): \(Console.systemError)") }
    let answer = "\(folder)/\(program.name).txt"
    let descriptor = open(answer, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Failure.failed("cannot write \(answer): \(Console.systemError)") }
    defer { close(descriptor) }
    let arguments = ["-W", "ignore", "-c", program.text, documents.path, place, "\(limit)"]
    guard let python = try ChildProcess("python3", arguments, output: descriptor) else { return nil }
    try python.wait(mayFail: program.mayFail)
    let words = systemText(answer).split(whereSeparator: \.isWhitespace)
    guard words.count == 3, let seconds = Double(words[0]), let count = Int(words[1]), let bytes = Int(words[2]) else {
      guard program.mayFail else { throw Failure.failed("python3 did not tell how long it took") }
      return nil
    }
    return Packed(documents: count, processorSeconds: seconds, bytes: bytes)
  }
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
