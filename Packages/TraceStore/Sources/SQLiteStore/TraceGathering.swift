import FoundationEssentials
import GRDB
import SegmentBlocks
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
  private var wanted: [Int64: [(trace: Int, part: TracePart)]] = [:]

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
      var found: [TracePart] = []
      let rows = try db.rows("\(TracePart.select) WHERE trace = ? ORDER BY block", [reference.id.key])
      while let row = try rows.next() { found.append(try TracePart(row)) }
      return found
    }
    for part in found ?? [] {
      wanted[part.block, default: []].append((traces.count, part))
      trace.count += Int64(part.checksums.count)
    }
    traces.append(trace)
  }

  private mutating func read(block id: Int64, _ wants: [(trace: Int, part: TracePart)]) throws {
    let reader: Result<BlockReader, StoreError>
    do {
      guard let block = try SealedBlock.find(id, in: db, path: path) else {
        throw StoreError(.damaged, path: path, place: "block \(id)", "is missing")
      }
      reader = .success(try block.reader(path: path))
    } catch {
      reader = .failure(try damage(error, place: "block \(id)"))
    }
    // Neighbours share chunks, which are decoded once for as many as possible.
    var rest = wants.sorted { $0.part.first < $1.part.first }[...]
    while let first = rest.first {
      var run = first.part.places
      var count = 0
      while count < rest.count, rest[rest.startIndex + count].part.first <= run.upperBound, run.count < Self.runLimit {
        run = run.lowerBound..<max(run.upperBound, rest[rest.startIndex + count].part.places.upperBound)
        count += 1
      }
      let documents = count > 1 ? try? reader.get().documents(in: run) : nil
      for (trace, part) in rest.prefix(count) {
        try notingDamage(of: &traces[trace]) { trace in
          if let documents {
            try part.check(documents, from: part.first - run.lowerBound, path: path)
            for place in part.places { trace.add(documents[place - run.lowerBound]) }
          } else {
            let documents = try part.documents(in: reader.get(), path: path)
            for position in 0..<documents.count { trace.add(documents[position]) }
          }
        }
      }
      rest = rest.dropFirst(count)
    }
  }

  /// Documents after which no further trace is added to those that are decoded together.
  private static let runLimit = 1024

  /// Reads the documents that are in no sealed block yet, if any may be missing.
  private mutating func readOpen() throws {
    let incomplete = traces.indices.filter { traces[$0].damage == nil && !traces[$0].isComplete }
    guard !incomplete.isEmpty else { return }
    let wanted = Dictionary(grouping: incomplete) { traces[$0].reference.id }
    do {
      for id in try openRows(holding: Set(wanted.keys.map(\.key))) {
        // The traces of a damaged row stay incomplete.
        guard let found = try db.row("\(OpenRow.select) WHERE id = ?", [id]), let row = try? OpenRow(found, path: path)
        else { continue }
        for (position, id) in row.traces.enumerated() {
          for trace in wanted[id] ?? [] {
            traces[trace].count += 1
            traces[trace].add(row.documents[position])
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

  /// The rows of `open` that name one of `traces`, in order; their documents are not read for that.
  private func openRows(holding traces: Set<Data>) throws -> [Int64] {
    var found: [Int64] = []
    let rows = try db.rows("SELECT id, entries FROM open ORDER BY id")
    while let row = try rows.next() {
      if try OpenRow.mayHold(traces, row, entries: 1) { found.append(try row.number(0)) }
    }
    return found
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
