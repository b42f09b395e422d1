import GRDB
import XRayModel

/// Documents that will be sealed together. Until then they lie in rows of `open`.
struct OpenBlock: Sendable {
  /// The number of its first document.
  let id: Int64
  private(set) var documents = DocumentBatch()
  private(set) var places: [TraceID: [DocumentPlace]] = [:]
  /// When they came.
  private(set) var arrivals = BlockTraces.Arrivals()
  /// The traces that have documents in sealed blocks, too.
  private(set) var continued: Set<TraceID> = []
  /// The rows of `open` that hold the documents.
  private(set) var rows: [Int64] = []

  /// A document by its place in the order of arrival, and the checksum by which it is known.
  struct DocumentPlace: Sendable {
    var ordinal: Int
    var checksum: UInt32
  }

  /// An empty block whose first document will have the number `id`.
  init(id: Int64) { self.id = id }

  /// An empty block that will take about as much as another one.
  init(id: Int64, like other: OpenBlock) {
    self.id = id
    documents.reserveCapacity(documents: other.documents.count, bytes: other.documents.bytes.count)
    places.reserveCapacity(other.places.count)
  }

  var isEmpty: Bool { documents.isEmpty }

  func isFull(_ options: SQLiteTraceStore.Options) -> Bool {
    documents.count >= options.blockDocuments || documents.bytes.count >= options.blockBytes
  }

  /// Whether it may be full once it took `batch`.
  func mayFill(with batch: DocumentBatch, _ options: SQLiteTraceStore.Options) -> Bool {
    documents.count + batch.count >= options.blockDocuments
      || documents.bytes.count + batch.bytes.count >= options.blockBytes
  }

  /// - Parameter isContinued: Whether the trace has documents in sealed blocks.
  mutating func append(
    _ document: ArraySlice<UInt8>, of trace: TraceID, checksum: UInt32, seen: Timestamp, isContinued: Bool
  ) {
    arrivals.add(1, at: seen)
    if isContinued { continued.insert(trace) }
    places[trace, default: []].append(DocumentPlace(ordinal: documents.count, checksum: checksum))
    documents.append(document)
  }

  /// Takes the documents of a row that is in the file.
  mutating func adopt(_ row: OpenRow, isContinued: (TraceID) -> Bool) {
    for (position, trace) in row.traces.enumerated() {
      let document = row.documents[position]
      append(
        document, of: trace, checksum: Checksum(of: document).value, seen: row.seen, isContinued: isContinued(trace))
    }
    rows.append(row.id)
  }

  /// Counts a row that was written with the last documents.
  mutating func note(row: Int64) { rows.append(row) }

  func holds(_ document: ArraySlice<UInt8>, of trace: TraceID, checksum: UInt32) -> Bool {
    (places[trace] ?? []).contains { $0.checksum == checksum && documents[$0.ordinal] == document }
  }

  /// Each trace with its documents' places, in the order of a sealed block.
  var tracesInOrder: [(id: TraceID, places: [DocumentPlace])] {
    places.sorted { $0.key < $1.key }.map { (id: $0.key, places: $0.value) }
  }
}
