import GRDB
import SegmentBlocks
import Synchronization
public import XRayModel

extension SQLiteTraceStore {
  /// Every document as it was sent, byte for byte, in the order of arrival, a block at a time.
  ///
  /// Each batch is read when it is asked for; what is put meanwhile comes, too. Damaged blocks are skipped, and
  /// when all that is intact has been delivered, the stream ends with a ``StoreError`` that names them.
  public nonisolated func documents() -> AsyncThrowingStream<DocumentBatch, any Error> {
    let walk = Mutex(BlockWalk())
    return AsyncThrowingStream {
      try Task.checkCancellation()
      return try walk.withLock { walk in
        if let documents = try self.read({ db in try walk.next(in: db, path: self.path) }) { return documents }
        guard !walk.damaged.isEmpty else { return nil }
        let places = walk.damaged.prefix(10).compactMap(\.place).joined(separator: ", ")
        throw StoreError(
          .damaged, path: self.path, place: places + (walk.damaged.count > 10 ? " …" : ""),
          "documents are lost in \(walk.damaged.count) places; all others were read")
      }
    }
  }
}

/// Goes through the blocks in the order of arrival, and through the open rows at the end.
struct BlockWalk {
  private var last: Int64 = -1
  private var isAtEnd = false
  /// The blocks that could not be read.
  private(set) var damaged: [StoreError] = []
  private(set) var blockCount = 0

  /// The documents of the next block that is intact; `nil` after the last one.
  mutating func next(in db: Database, path: String) throws -> DocumentBatch? {
    while !isAtEnd {
      let documents = try nextBlock(in: db, path: path) ?? openRows(in: db, path: path)
      if !documents.isEmpty { return documents }
    }
    return nil
  }

  /// `nil` when no further block can be found; empty when it is damaged.
  private mutating func nextBlock(in db: Database, path: String) throws -> DocumentBatch? {
    do {
      guard let id = try nextID(in: db, path: path) else { return nil }
      last = id
    } catch {
      try note(StoreError(error, path: path, place: "blocks after \(last)"))
      return nil
    }
    blockCount += 1
    do {
      guard let block = try BlockBody.find(last, in: db, path: path) else {
        throw StoreError(.damaged, path: path, place: "block \(last)", "is missing")
      }
      let (documents, damage) = try block.documents(path: path)
      if let damage { try note(damage) }
      return documents
    } catch {
      try note(StoreError(error, path: path, place: "block \(last)"))
      return DocumentBatch()
    }
  }

  /// The number of the next block. Where the table itself is damaged, the index of traces still knows its blocks.
  private func nextID(in db: Database, path: String) throws -> Int64? {
    for sql in [
      "SELECT id FROM block WHERE id > ? ORDER BY id LIMIT 1",
      "SELECT block FROM traces WHERE block > ? ORDER BY block LIMIT 1",
    ] {
      do {
        guard let id = try db.row(sql, [last])?.number(0) else { return nil }
        // A damaged page may answer with anything.
        if id > last { return id }
      } catch let error where StoreError(error, path: path).reason == .damaged {
        continue
      }
    }
    throw StoreError(.damaged, path: path, place: "blocks after \(last)", "cannot be found")
  }

  /// All rows at once: they and the absence of a further block are one state of the file.
  private mutating func openRows(in db: Database, path: String) throws -> DocumentBatch {
    isAtEnd = true
    var documents = DocumentBatch()
    do {
      let rows = try db.rows("\(OpenRow.select) ORDER BY id")
      while let row = try rows.next() {
        do throws(StoreError) {
          let row = try OpenRow(row, path: path)
          // A damaged page may answer with anything.
          guard row.id > last else {
            throw StoreError(.damaged, path: path, place: "open \(row.id)", "stands where it does not belong")
          }
          last = row.id
          for position in 0..<row.documents.count { documents.append(row.documents[position]) }
        } catch {
          try note(error)
        }
      }
    } catch {
      try note(StoreError(error, path: path, place: "open documents"))
    }
    return documents
  }

  private mutating func note(_ error: StoreError) throws {
    guard error.reason == .damaged else { throw error }
    damaged.append(error)
  }
}

extension BlockBody {
  /// The documents that can be read, in the order of arrival and what is wrong with the others.
  fileprivate func documents(path: String) throws(StoreError) -> (DocumentBatch, damage: StoreError?) {
    let reader = try reader(path: path)
    let order: [Int]
    do { order = try reader.arrival() } catch {
      throw StoreError(.damaged, path: path, place: place, "\(error)")
    }
    var found = [ArraySlice<UInt8>](repeating: [], count: reader.count)
    var failure: BlockError?
    var ranges = [0..<reader.count]
    while let range = ranges.popLast() {
      do throws(BlockError) {
        let documents = try reader.documents(in: range)
        for (offset, place) in range.enumerated() { found[order[place]] = documents[offset] }
      } catch {
        failure = failure ?? error
        // Narrows down the chunks that are damaged.
        guard range.count > 1 else { continue }
        let middle = range.lowerBound + range.count / 2
        ranges += [range.lowerBound..<middle, middle..<range.upperBound]
      }
    }
    var documents = DocumentBatch()
    documents.reserveCapacity(documents: found.count, bytes: found.reduce(0) { $0 + $1.count })
    for document in found where !document.isEmpty { documents.append(document) }
    if failure == nil, documents.count != self.documents {
      throw StoreError(.damaged, path: path, place: place, "has \(documents.count) documents, not \(self.documents)")
    }
    return (documents, failure.map { StoreError(.damaged, path: path, place: place, "\($0)") })
  }
}
