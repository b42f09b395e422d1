import GRDB
import SegmentBlocks
public import XRayModel

extension SQLiteTraceStore {
  /// Forgets the traces whose last document came before `moment`, and gives their space back to the system.
  ///
  /// Blocks of which nothing is left go as a whole; others are encoded anew, beside what is put and read meanwhile.
  /// What is damaged stays.
  @discardableResult
  public func removeTraces(lastSeenBefore moment: Timestamp) async throws -> Int {
    try write { _ in }
    let plan = try reading { db, catalog in try Expiry(before: moment, in: db, catalog, path: path) }
    var removed = try removeOpen(plan.open)
    for id in plan.blocks {
      removed += try await remove(plan, from: id)
      await Task.yield()
    }
    if removed > 0 {
      try await compact()
      try await giveSpaceBack()
    }
    return removed
  }

  /// Forgets the traces that were last seen longest ago until the file has at most so many bytes, and gives their
  /// space back to the system. Returns the number of documents forgotten.
  ///
  /// What came last stays whatever it takes.
  @discardableResult
  public func removeTraces(untilBytes limit: Int) async throws -> Int {
    try write { _ in }
    var removed = 0
    while true {
      // What the log has in it is counted where it belongs.
      _ = try? writeWithoutTransaction { try $0.checkpoint(.truncate) }
      let stored = fileSize(path) ?? 0
      guard stored > limit, let moment = try expiry(of: stored - limit, from: stored) else { return removed }
      let count = try await removeTraces(lastSeenBefore: moment)
      guard count > 0 else { return removed }
      removed += count
    }
  }

  /// The moment up to which so many of the file's bytes came: documents share them alike. `nil` when no block can go.
  private func expiry(of bytes: Int, from stored: Int) throws -> Timestamp? {
    let blocks = try reading { _, catalog in catalog.blocks }.sorted { $0.seen.upperBound < $1.seen.upperBound }
    var left = bytes * max(1, blocks.reduce(0) { $0 + $1.documents }) / max(1, stored)
    for block in blocks {
      left -= block.documents
      if left <= 0 { return Timestamp(ticks: block.seen.upperBound.ticks + 1) }
    }
    return blocks.last.map { Timestamp(ticks: $0.seen.upperBound.ticks + 1) }
  }

  private func removeOpen(_ traces: Set<TraceID>) throws -> Int {
    guard !traces.isEmpty else { return 0 }
    let forgotten = try reading { db, catalog in
      var gathering = TraceGathering(db, catalog, path: path)
      return try traces.count { try gathering.blocks(of: $0).isEmpty }
    }
    let removed = try write { transaction in
      transaction.forget(forgotten)
      return try transaction.removeOpen(traces)
    }
    forgetOpenBlocks()
    return removed
  }

  /// Removes what has expired of one block. Returns the number of documents.
  private func remove(_ plan: Expiry, from id: Int64) async throws -> Int {
    let work = Task.detached { [path] in
      try self.reading { db, catalog in try plan.remains(of: id, in: db, catalog, path: path) }
    }
    guard let remains = try await work.value else { return 0 }
    try write { transaction in
      try transaction.replace([remains.old], with: remains.block)
      transaction.forget(remains.forgotten)
    }
    return remains.old.checksums.count - (remains.block.map { Int($0.body.documents) } ?? 0)
  }

  /// Makes one block of neighbours that fit into one, which brings the documents of their traces together.
  func compact() async throws {
    let groups = try reading { _, catalog in BlockMerge.groups(catalog, options) }
    for group in groups {
      let work = Task.detached { [path] in
        try self.reading { db, catalog in try BlockMerge(group, in: db, catalog, path: path) }
      }
      // What was sealed or removed meanwhile may bear on it: the next time is soon enough.
      guard let merge = try await work.value, revision == merge.revision else { continue }
      try write { try $0.replace(merge.parts, with: merge.block) }
      await Task.yield()
    }
  }

  /// Shortens the file, some pages at a time.
  private func giveSpaceBack() async throws {
    var free = Int64.max
    while true {
      let left = try writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA incremental_vacuum(\(Self.pagesPerStep))")
        return try db.number("PRAGMA freelist_count")
      }
      guard left > 0, left < free else { break }
      free = left
      await Task.yield()
    }
    // A reader may keep the log from being emptied; then the next checkpoint shortens the file.
    _ = try? writeWithoutTransaction { try $0.checkpoint(.truncate) }
  }

  private static var pagesPerStep: Int { 512 }
}
