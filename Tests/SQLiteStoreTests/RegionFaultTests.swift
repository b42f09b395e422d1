import GRDB
import Testing
import Traces
import XRayModel

@testable import SQLiteStore

@Suite struct `A store with one flipped bit` {
  /// Every column of every table, what names the damage, and how many traces it may cost; `nil` where it may be all.
  static let regions: [(table: String, column: String, place: String, lost: Loss)] = [
    ("block", "documents", "block", .block), ("block", "checksum", "block", .block), ("block", "body", "block", .block),
    ("traces", "revision", "traces of block", .nothing), ("traces", "bytes", "traces of block", .nothing),
    ("traces", "checksum", "traces of block", .nothing), ("traces", "filter", "traces of block", .nothing),
    ("traces", "arrivals", "traces of block", .nothing), ("traces", "entries", "traces of block", .nothing),
    ("summaries", "checksum", "summaries of block", .nothing), ("summaries", "zone", "summaries of block", .nothing),
    ("summaries", "body", "summaries of block", .nothing), ("hidden", "checksum", "hidden traces of block", .nothing),
    ("hidden", "traces", "hidden traces of block", .nothing), ("open", "documents", "open", .row),
    ("open", "seen", "open", .row), ("open", "checksum", "open", .row), ("open", "body_checksum", "open", .row),
    ("open", "entries", "open", .row), ("open", "body", "open", .row), ("totals", "sequence", "totals", .nothing),
    ("totals", "documents", "totals", .nothing), ("totals", "bytes", "totals", .nothing),
    ("totals", "traces", "totals", .nothing), ("totals", "revision", "totals", .nothing),
    ("totals", "checksum", "totals", .nothing),
  ]

  /// What cannot be read any more.
  enum Loss { case nothing, block, row }

  @Test(arguments: regions.indices)
  func `tells in which column it is, and serves everything else`(region: Int) async throws {
    let (table, column, place, loss) = Self.regions[region]
    let written = try await WrittenStore.make()
    let random = RandomSource(seed: UInt64(700 + region))
    let rows = try written.rows(of: table)
    try #require(!rows.isEmpty, "nothing is in \(table)")
    for _ in 0..<(isFullRun ? 60 : 2) {
      let row = rows[Int(random.next() % UInt64(rows.count))]
      let flip = try written.flip(table, column, row, bit: random.next())
      guard flip != nil else { continue }
      let store = try SQLiteTraceStore(directory: written.scratch.path, options: .readOnly)
      let reading = try await written.read(store)
      let check = try await store.check()
      let what = Comment(rawValue: "\(table).\(column) of row \(row), bit \(flip ?? -1): \(check.damage)")
      #expect(check.damage.contains { $0.place?.hasPrefix(place) == true }, what)
      // Where a row is known, it is named.
      if table != "totals" { #expect(check.damage.contains { $0.place?.hasSuffix(" \(row)") == true }, what) }
      let allowed: Set<TraceID> =
        switch loss {
        case .nothing: []
        case .block, .row: written.traces(of: table, row)
        }
      #expect(reading.unreadable.subtracting(allowed) == [], what)
      try written.restore()
    }
  }

  @Test func `covers every column of the format`() async throws {
    let written = try await WrittenStore.make()
    let queue = try DatabaseQueue(path: written.scratch.file)
    let columns = try await queue.read { db in
      try String.fetchAll(
        db,
        sql: """
          SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c
          WHERE m.type = 'table' AND c.pk = 0
          """)
    }
    try queue.close()
    #expect(Set(columns) == Set(Self.regions.map { "\($0.table).\($0.column)" }))
  }
}

/// A small store of several blocks and an open rest, and what it has to answer.
struct WrittenStore {
  let scratch: Scratch
  let documents: [[UInt8]]
  let traces: [Trace]
  /// The closed file as it was written.
  let file: [UInt8]
  private let expected: [TraceID: TraceSummary]

  static func make() async throws -> WrittenStore {
    let scratch = try Scratch()
    // The last documents stay open. Traces go on from block to block, so that some summaries are hidden.
    let documents = makeDocuments(99, seed: 11)
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await store.put(documents, by: 9)
    try await store.close()
    let traces = documents.traces
    return WrittenStore(
      scratch: scratch, documents: documents, traces: traces, file: try scratch.bytes(),
      expected: Dictionary(uniqueKeysWithValues: traces.map { ($0.id, TraceSummary(of: $0)) }))
  }

  func restore() throws { try scratch.write(file) }

  struct Reading {
    /// Traces that were refused.
    var unreadable: Set<TraceID> = []
    /// Whether everything was answered, and all of it.
    var isComplete = true
  }

  /// Asks everything there is to ask. What is answered has to be right.
  ///
  /// - Parameter what: What was done to the store, for messages.
  func read(_ store: SQLiteTraceStore, after what: String = "") async throws -> Reading {
    var reading = Reading()
    for trace in traces {
      do throws(any Error) {
        #expect(try await store.traces([trace.id]) == [trace])
      } catch {
        try damage(error)
        reading.unreadable.insert(trace.id)
      }
    }
    if !reading.unreadable.isEmpty { reading.isComplete = false }
    do {
      let summaries = try await store.allSummaries(by: 7)
      for summary in summaries { #expect(summary == expected[summary.id]) }
      #expect(Set(summaries.map(\.id)).count == summaries.count)
      if summaries.count < traces.count { reading.isComplete = false }
      let graph = try await store.serviceGraph(in: nil)
      if graph != ServiceGraph(of: traces) {
        // Only because traces are missing, as they are in the list.
        #expect(graph == ServiceGraph(of: traces.filter { trace in summaries.contains { $0.id == trace.id } }))
        reading.isComplete = false
      }
    } catch {
      try damage(error)
      reading.isComplete = false
    }
    var rest = documents[...]
    do {
      for try await batch in store.documents() {
        for position in 0..<batch.count {
          // In order, with gaps where something is lost.
          let place = rest.firstIndex(of: Array(batch[position]))
          #expect(place != nil, "\(what): a document out of order, twice, or never put: \(batch[position].count) bytes")
          if let place { rest = rest[(place + 1)...] }
        }
      }
    } catch {
      try damage(error)
      reading.isComplete = false
    }
    return reading
  }

  private func damage(_ error: any Error) throws {
    guard let error = error as? StoreError else { throw error }
    #expect(error.reason == .damaged, "\(error)")
  }

  // MARK: The file

  func rows(of table: String) throws -> [Int64] {
    try database { try Int64.fetchAll($0, sql: "SELECT rowid FROM \(table) ORDER BY rowid") }
  }

  /// The traces that have documents in a row of `block` or `open`.
  func traces(of table: String, _ row: Int64) -> Set<TraceID> {
    let count = table == "open" ? documents.count - Int(row) : 16
    return Set(
      documents[Int(row)..<min(documents.count, Int(row) + count)].compactMap {
        (try? Entity(document: $0.span))?.traceID
      })
  }

  /// Flips one of the bits of a value. Returns which; `nil` when it has none.
  func flip(_ table: String, _ column: String, _ row: Int64, bit: UInt64) throws -> Int? {
    try database { db in
      let sql = "SELECT \(column) FROM \(table) WHERE rowid = ?"
      guard let value = try DatabaseValue.fetchOne(db, sql: sql, arguments: [row]) else { return nil }
      let place: Int
      let flipped: DatabaseValue
      switch value.storage {
      case .int64(let number):
        place = Int(bit % 64)
        flipped = (number ^ (1 << Int64(place))).databaseValue
      case .blob(var bytes):
        guard !bytes.isEmpty else { return nil }
        place = Int(bit % UInt64(bytes.count * 8))
        bytes[bytes.startIndex + place / 8] ^= 1 << UInt8(place % 8)
        flipped = bytes.databaseValue
      default: return nil
      }
      try db.execute(sql: "UPDATE \(table) SET \(column) = ? WHERE rowid = ?", arguments: [flipped, row])
      return place
    }
  }

  private func database<Result>(_ body: (Database) throws -> Result) throws -> Result {
    let queue = try DatabaseQueue(path: scratch.file)
    let result = try queue.write(body)
    try queue.close()
    return result
  }
}
