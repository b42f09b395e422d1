import Foundation
import GRDB
import SQLiteStore
import SegmentBlocks

extension StoreBench {
  /// Where the bytes of a closed file are, with everything in it.
  mutating func measureBytes(_ documents: DocumentSet, _ whole: Ingestion) throws {
    say("\(documents.name): counting the bytes of \(documents.count) documents")
    let file = try FileShares(path: "\(directory(documents.count))/\(SQLiteTraceStore.fileName)")
    let blocks = file.blocks
    let count = Double(max(documents.count, 1))
    for (part, size) in [
      ("packed: new ids", blocks.ids), ("packed: ids seen before", blocks.references), ("packed: times", blocks.times),
      ("packed: numbers", blocks.numbers), ("packed: UUIDs and other random runs", blocks.random),
      ("packed: texts", blocks.texts), ("packed: shapes", blocks.shapes), ("packed: dictionary", blocks.dictionary),
      ("packed: order of arrival", blocks.arrival),
      ("packed: checksums and framing", blocks.checksums + blocks.framing),
      ("documents in no block yet", file.open), ("index of traces: filters", file.filters),
      ("index of traces: entries", file.entries), ("summaries", file.summaries),
      ("hidden traces", file.hidden), ("free pages", file.free), ("SQLite: rows, slack, its own pages", file.rest),
      ("the file", file.total),
    ] {
      bytes.append(
        .text(documents.name), .text(part), .number(Double(size) / count, places: 2),
        .number(Double(size) * 100 / Double(max(file.total, 1)), places: 1))
    }
  }
}

/// The bytes of a store's file, by what they are for.
private struct FileShares {
  let blocks: BlockByteShares
  let open: Int
  let filters: Int
  let entries: Int
  let summaries: Int
  let hidden: Int
  let free: Int
  let total: Int

  var rest: Int { total - free - blocks.total - open - filters - entries - summaries - hidden }

  init(path: String) throws {
    var configuration = Configuration()
    configuration.readonly = true
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    defer { try? queue.close() }
    self = try queue.read { try FileShares($0) }
  }

  private init(_ db: Database) throws {
    func sum(_ columns: String, _ table: String) throws -> Int {
      let lengths = columns.split(separator: ",").map { "length(\($0))" }.joined(separator: " + ")
      return try Int.fetchOne(db, sql: "SELECT coalesce(sum(\(lengths)), 0) FROM \(table)") ?? 0
    }
    var blocks = BlockByteShares()
    let bodies = try Data.fetchCursor(db, sql: "SELECT body FROM block")
    while let body = try bodies.next() { blocks.add(try SegmentBlock.byteShares(of: [UInt8](body))) }
    self.blocks = blocks
    open = try sum("entries,body", "open")
    filters = try sum("filter", "traces")
    entries = try sum("arrivals,entries", "traces")
    summaries = try sum("zone,body", "summaries")
    hidden = try sum("traces", "hidden")
    let page = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0
    free = try (Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0) * page
    total = try (Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0) * page
  }
}

extension BlockByteShares {
  fileprivate mutating func add(_ other: BlockByteShares) {
    ids += other.ids
    times += other.times
    references += other.references
    numbers += other.numbers
    random += other.random
    texts += other.texts
    shapes += other.shapes
    dictionary += other.dictionary
    arrival += other.arrival
    checksums += other.checksums
    framing += other.framing
  }
}
