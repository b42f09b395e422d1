import GRDB
import SegmentBlocks
import Traces
import XRayModel

/// The documents of one trace.
struct GatheredTrace {
  let id: TraceID
  /// The sealed blocks that have some of them, in order.
  fileprivate(set) var blocks: [Int64] = []
  /// In the order of arrival, up to ``TraceGathering/traceBytesLimit``.
  fileprivate(set) var documents = DocumentBatch()
  /// Why they are not all there.
  fileprivate(set) var damage: StoreError?

  fileprivate init(id: TraceID) { self.id = id }

  /// The documents, unless some cannot be read.
  func whole() throws(StoreError) -> DocumentBatch {
    if let damage { throw damage }
    return documents
  }

  /// The compiled trace; `nil` when it is unknown.
  func compiled(path: String) throws(StoreError) -> Trace? {
    let documents = try whole()
    guard !documents.isEmpty else { return nil }
    var entities: [Entity] = []
    entities.reserveCapacity(documents.count)
    for position in 0..<documents.count {
      guard let entity = Entity(accepted: documents[position].span), entity.traceID == id else {
        throw StoreError(.damaged, path: path, place: "trace \(id)", "leads to a document of another trace")
      }
      entities.append(entity)
    }
    return Trace(id: id, compiling: entities)
  }

  fileprivate mutating func add(_ document: ArraySlice<UInt8>) {
    if documents.bytes.count < TraceGathering.traceBytesLimit { documents.append(document) }
  }
}

/// Gathers the documents of many traces from one state of the file, reading each block once.
struct TraceGathering {
  private let db: Database
  private let catalog: Catalog
  private let path: String
  private var traces: [GatheredTrace] = []
  /// By block: what is wanted from it.
  private var wanted: [Int64: [(trace: Int, part: TracePart)]] = [:]
  /// The traces of blocks that were looked at.
  private var indexes: [Int64: Result<BlockTraces, StoreError>] = [:]

  /// Most bytes of one trace's documents that are compiled, the first ones; X-Ray itself stops at 500 KB. Raw
  /// documents can be read beyond it.
  static let traceBytesLimit = 4 << 20
  /// Bytes of documents after which no further trace is begun.
  static let bytesLimit = 32 << 20

  init(_ db: Database, _ catalog: Catalog, path: String) {
    self.db = db
    self.catalog = catalog
    self.path = path
  }

  /// The traces asked for, in their order, as many as fit into memory: at least one.
  ///
  /// - Parameter sealedOnly: Leaves out what is in no block yet.
  mutating func gather(_ ids: some Sequence<TraceID>, sealedOnly: Bool = false) throws -> [GatheredTrace] {
    (traces, wanted) = ([], [:])
    var bytes = 0
    for id in ids where bytes < Self.bytesLimit { bytes += try look(for: id, sealedOnly: sealedOnly) }
    for (block, wants) in wanted.sorted(by: { $0.key < $1.key }) { try read(block: block, wants) }
    if !sealedOnly { try readOpen() }
    return traces
  }

  /// The sealed blocks that have documents of a trace, in order.
  mutating func blocks(of id: TraceID) throws -> [Int64] {
    try catalog.blocks(mayHolding: id).compactMap { try traces(of: $0).get().part(of: id) == nil ? nil : $0.id }
  }

  /// Returns about how many bytes of documents the trace has.
  private mutating func look(for id: TraceID, sealedOnly: Bool) throws -> Int {
    var trace = GatheredTrace(id: id)
    // Nobody knows whether what is lost belongs to this trace.
    trace.damage = sealedOnly ? nil : catalog.loss
    var bytes = 0
    for block in catalog.blocks(mayHolding: id) where bytes < Self.traceBytesLimit {
      switch try traces(of: block) {
      case .failure(let error): trace.damage = trace.damage ?? error
      case .success(let index):
        guard let part = index.part(of: id) else { continue }
        trace.blocks.append(block.id)
        wanted[block.id, default: []].append((traces.count, part))
        bytes += part.checksums.count * Int(block.bytes) / max(1, block.documents)
      }
    }
    traces.append(trace)
    return bytes
  }

  private mutating func traces(of block: CatalogBlock) throws -> Result<BlockTraces, StoreError> {
    if let known = indexes[block.id] { return known }
    let found: Result<BlockTraces, StoreError>
    do { found = .success(try block.traces(in: db, path: path)) } catch {
      found = .failure(try damage(error, place: "traces of block \(block.id)"))
    }
    indexes[block.id] = found
    return found
  }

  private mutating func read(block id: Int64, _ wants: [(trace: Int, part: TracePart)]) throws {
    let reader: Result<BlockReader, StoreError>
    do {
      let places = wants.map(\.part.places)
      let bounds = (places.map(\.lowerBound).min() ?? 0)..<(places.map(\.upperBound).max() ?? 0)
      guard let found = try BlockBody.reader(of: id, holding: bounds, in: db, path: path) else {
        throw StoreError(.damaged, path: path, place: "block \(id)", "is missing")
      }
      reader = .success(found)
    } catch {
      reader = .failure(try damage(error, place: "block \(id)"))
    }
    // Neighbours share chunks, which are decoded once for as many as possible.
    var rest = wants.sorted { $0.part.first < $1.part.first }[...]
    while let first = rest.first {
      var run = first.part.places
      var count = 1
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

  /// Adds the documents that are in no sealed block yet.
  private mutating func readOpen() throws {
    var wanted: [Int: [Int]] = [:]
    for (position, trace) in traces.enumerated() {
      for row in catalog.openParts[trace.id]?.rows ?? [] { wanted[row, default: []].append(position) }
    }
    for (place, wants) in wanted.sorted(by: { $0.key < $1.key }) {
      let entries = catalog.open[place]
      var row: OpenRow?
      var failure: StoreError?
      do {
        guard let found = try db.row("\(OpenRow.select) WHERE id = ?", [entries.id]) else {
          throw StoreError(.damaged, path: path, place: entries.place, "is missing")
        }
        row = try OpenRow(found, path: path)
      } catch {
        failure = try damage(error, place: entries.place)
      }
      for position in wants {
        traces[position].damage = traces[position].damage ?? failure
        for (ordinal, id) in entries.traces.enumerated() where id == traces[position].id {
          if let row, ordinal < row.documents.count { traces[position].add(row.documents[ordinal]) }
        }
      }
    }
  }

  /// Keeps an error of one trace with it, so that the others can be read.
  private func notingDamage(of trace: inout GatheredTrace, _ body: (inout GatheredTrace) throws -> Void) throws {
    do { try body(&trace) } catch {
      let found = try damage(error, place: "trace \(trace.id)")
      trace.damage = trace.damage ?? found
    }
  }

  /// The error if it says that this place is damaged; throws any other.
  private func damage(_ error: any Error, place: String) throws -> StoreError {
    let error = StoreError(error, path: path, place: place)
    guard error.reason == .damaged else { throw error }
    return error
  }
}
