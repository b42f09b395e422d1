import GRDB
import SegmentBlocks
public import XRayModel

extension SQLiteTraceStore {
  /// Forgets the traces whose last document came before `moment`, and gives their space back to the system.
  ///
  /// Works in steps, between which documents are put and read as usual. Damaged traces stay.
  @discardableResult
  public func removeTraces(lastSeenBefore moment: Timestamp) async throws -> Int {
    var removed = 0
    var last: TraceID?
    repeat {
      let step = try removeStep(lastSeenBefore: moment, after: last)
      removed += step.documents
      last = step.last
      await Task.yield()
    } while last != nil
    if removed > 0 { try await giveSpaceBack() }
    return removed
  }

  private func removeStep(
    lastSeenBefore moment: Timestamp, after last: TraceID?
  ) throws -> (documents: Int, last: TraceID?) {
    let limit = Self.walkLimit
    return try write { transaction in
      let rows = try transaction.db.rows(
        "\(TraceRecord.select) WHERE id > ? AND seen < ? ORDER BY id LIMIT ?",
        [last?.key ?? .init(), moment.ticks, limit])
      var records: [TraceRecord] = []
      var count = 0
      var end = last
      while let row = try rows.next() {
        let id = try row.traceID(0)
        if let end, id <= end {
          throw StoreError(.damaged, path: path, place: "trace index", "is out of order")
        }
        count += 1
        end = id
        if let record = try? TraceRecord(row, path: path) { records.append(record) }
      }
      try transaction.remove(records)
      return (Int(records.reduce(0) { $0 + $1.documents }), count < limit ? nil : end)
    }
  }

  /// Shortens the file, some pages at a time.
  private func giveSpaceBack() async throws {
    var free = Int64.max
    while true {
      let left = try writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA incremental_vacuum(\(Self.pagesPerStep))")
        // A reader may keep the log from being emptied; then the next checkpoint shortens the file.
        _ = try? db.checkpoint(.truncate)
        return try db.number("PRAGMA freelist_count")
      }
      guard left > 0, left < free else { return }
      free = left
      await Task.yield()
    }
  }

  private static var pagesPerStep: Int { 4096 }

  private func writeWithoutTransaction<Result>(_ body: (Database) throws -> Result) throws -> Result {
    do { return try pool.writeWithoutTransaction(body) } catch { throw StoreError(error, path: path) }
  }
}

extension PutTransaction {
  /// Removes traces with all their documents.
  mutating func remove(_ records: [TraceRecord]) throws {
    if records.contains(where: { state.hasUnsealed($0.id) }) { try sealAll() }
    var places: [Int64: [Range<Int>]] = [:]
    for record in records {
      let rows = try db.rows("\(TracePart.select) WHERE trace = ?", [record.id.key])
      while let row = try rows.next() {
        let part = try TracePart(row)
        places[part.block, default: []].append(part.places)
      }
    }
    for (block, places) in places.sorted(by: { $0.key < $1.key }) { try remove(places, from: block) }
    for record in records {
      try db.run("DELETE FROM trace_block WHERE trace = ?", [record.id.key])
      try db.run("DELETE FROM trace WHERE id = ?", [record.id.key])
      forget(record)
    }
  }

  /// Leaves empty documents in those places, so that the others keep theirs. A block that can no longer be read stays
  /// as it is, so that a check still finds it.
  private func remove(_ places: [Range<Int>], from id: Int64) throws {
    guard let block = block(id) else { return }
    if places.reduce(0, { $0 + $1.count }) == block.documents {
      try db.run("DELETE FROM block WHERE id = ?", [id])
      return
    }
    guard let reader = try? block.reader(path: store.path), let order = try? reader.arrival(),
      let documents = try? reader.documentsByArrival()
    else { return }
    let isRemoved = RangeSet(places.map { $0.clamped(to: 0..<reader.count) })
    let removed = Set(isRemoved.ranges.joined().map { order[$0] })
    let rest = DocumentBatch((0..<documents.count).map { removed.contains($0) ? [] : documents[$0] })
    try (try? SealedBlock(id: id, rest, order: order))?.write(to: db)
  }
}
