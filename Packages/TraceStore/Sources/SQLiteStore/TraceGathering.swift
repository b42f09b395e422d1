import GRDB
import Traces
import XRayModel

/// A trace as it is asked for.
struct TraceReference {
  var id: TraceID
  /// When it began according to the index by start; `nil` when it was asked for by its id.
  var start: Timestamp?
}

/// The documents of one trace.
struct GatheredTrace {
  var reference: TraceReference
  /// Its index entry; `nil` when there is none.
  fileprivate(set) var record: TraceRecord?
  /// In the order of arrival, up to ``TraceGathering/traceBytesLimit``.
  fileprivate(set) var documents = DocumentBatch()
  /// Documents found, those beyond the limit included.
  fileprivate var count: Int64 = 0
  /// Why they are not all there.
  fileprivate(set) var damage: StoreError?

  /// The compiled trace; `nil` when it is unknown.
  func compiled(path: String) throws(StoreError) -> Trace? {
    if let damage { throw damage }
    guard record != nil else { return nil }
    var entities: [Entity] = []
    entities.reserveCapacity(documents.count)
    for position in 0..<documents.count {
      guard let entity = try? Entity(document: documents[position].span), entity.traceID == reference.id else {
        throw StoreError(.damaged, path: path, place: "trace \(reference.id)", "leads to a document of another trace")
      }
      entities.append(entity)
    }
    return Trace(id: reference.id, compiling: entities)
  }
}

/// Gathers the documents of many traces from one state of the file, reading each block once.
struct TraceGathering {
  let db: Database
  let path: String
  private var traces: [GatheredTrace] = []
  /// By block: what is wanted from it.
  private var wanted: [Int64: [(trace: Int, places: [DocumentPlace])]] = [:]

  /// Most bytes of one trace's documents that are compiled, the first ones; X-Ray itself stops at 500 KB. Raw
  /// documents can be read beyond it.
  static let traceBytesLimit = 16 << 20
  /// Bytes of documents after which no further trace is begun.
  static let bytesLimit = 32 << 20

  private init(_ db: Database, path: String) {
    self.db = db
    self.path = path
  }

  /// The traces asked for, in their order, as many as fit into memory: at least one.
  static func gather(
    _ references: some Sequence<TraceReference>, in db: Database, path: String
  ) throws -> [GatheredTrace] {
    var gathering = TraceGathering(db, path: path)
    var bytes = 0
    for reference in references where bytes < bytesLimit {
      try gathering.look(for: reference)
      bytes += min(Int(gathering.traces.last?.record?.bytes ?? 0), traceBytesLimit)
    }
    for (block, wants) in gathering.wanted.sorted(by: { $0.key < $1.key }) {
      try gathering.read(block: block, wants)
    }
    try gathering.readOpen()
    return gathering.traces
  }

  private mutating func look(for reference: TraceReference) throws {
    var trace = GatheredTrace(reference: reference)
    let found = try notingDamage(of: &trace) { trace in
      trace.record = try TraceRecord.find(reference.id, in: db, path: path)
      if let start = reference.start, let record = trace.record, record.start != start {
        throw StoreError(.damaged, path: path, place: "trace \(reference.id)", "the index has another start for it")
      }
      var found: [(block: Int64, places: [DocumentPlace])] = []
      let rows = try db.rows(
        "SELECT block, documents FROM trace_block WHERE trace = ? ORDER BY block", [reference.id.key])
      while let row = try rows.next() { found.append((try row.number(0), try DocumentPlace.decode(row.blob(1)))) }
      return found
    }
    for (block, places) in found ?? [] {
      wanted[block, default: []].append((traces.count, places))
      trace.count += Int64(places.count)
    }
    traces.append(trace)
  }

  private mutating func read(block id: Int64, _ wants: [(trace: Int, places: [DocumentPlace])]) throws {
    let block: Result<Block, StoreError>
    do {
      guard let stored = try StoredBlock.find(id, in: db, path: path) else {
        throw StoreError(.damaged, path: path, place: "block \(id)", "is missing")
      }
      block = .success(try stored.opened(path: path))
    } catch {
      block = .failure(try damage(error, place: "block \(id)"))
    }
    for (trace, places) in wants {
      try notingDamage(of: &traces[trace]) { trace in
        let block = try block.get()
        for place in places {
          guard let document = block[place.ordinal], DocumentPlace.checksum(document) == place.checksum else {
            throw StoreError(
              .damaged, path: path, place: "trace \(trace.reference.id)",
              "its index names a document that block \(id) does not have")
          }
          trace.add(document)
        }
      }
    }
  }

  /// Reads the documents that are in no sealed block yet, if any may be missing.
  private mutating func readOpen() throws {
    let incomplete = traces.indices.filter { traces[$0].damage == nil && !traces[$0].isComplete }
    guard !incomplete.isEmpty else { return }
    let wanted = Dictionary(grouping: incomplete) { traces[$0].reference.id }
    do {
      let rows = try db.rows("\(StoredBlock.select(.open)) ORDER BY id")
      while let row = try rows.next() {
        // The traces of a damaged row stay incomplete.
        guard let block = try? StoredBlock(row, form: .open, path: path).opened(path: path) else { continue }
        for range in block.ranges {
          guard let index = try? SegmentIndex(scanning: block.bytes[range].span) else { continue }
          for trace in wanted[index.traceID] ?? [] {
            traces[trace].count += 1
            traces[trace].add(block.bytes[range])
          }
        }
      }
    } catch {
      _ = try damage(error, place: "open documents")
    }
    for trace in incomplete where traces[trace].count != traces[trace].expectedCount {
      traces[trace].damage = StoreError(
        .damaged, path: path, place: "trace \(traces[trace].reference.id)",
        "\(traces[trace].count) documents are found, \(traces[trace].expectedCount) expected")
    }
  }

  /// Keeps an error of one trace with it, so that the others can be read.
  @discardableResult
  private func notingDamage<Result>(
    of trace: inout GatheredTrace, _ body: (inout GatheredTrace) throws -> Result
  ) throws -> Result? {
    do { return try body(&trace) } catch {
      trace.damage = try damage(error, place: "trace \(trace.reference.id)")
      return nil
    }
  }

  /// The error if it says that this place is damaged; throws any other.
  private func damage(_ error: any Error, place: String) throws -> StoreError {
    let error = StoreError(error, path: path, place: place)
    guard error.reason == .damaged else { throw error }
    return error
  }
}

extension GatheredTrace {
  fileprivate var expectedCount: Int64 { record?.documents ?? 0 }

  /// Whether sealed blocks alone have all of it. Without an index entry nobody knows.
  fileprivate var isComplete: Bool { record != nil && count == expectedCount }

  fileprivate mutating func add(_ document: ArraySlice<UInt8>) {
    if documents.bytes.count < TraceGathering.traceBytesLimit { documents.append(document) }
  }
}
