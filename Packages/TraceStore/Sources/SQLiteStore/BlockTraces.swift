import FoundationEssentials
import GRDB
import SegmentBlocks
import XRayModel

/// Which traces a sealed block has, and where in it: a row of `traces`. It can be made again from the block.
struct BlockTraces: Sendable {
  /// The block.
  let block: Int64
  /// In rising order: the order of the documents.
  let ids: [TraceID]
  /// The place after the last document of each trace.
  let ends: [Int]
  /// The low halves of the documents' checksums: enough to pass by a document that is not among them.
  let checksums: [UInt16]
  /// Bytes of the documents.
  let bytes: Int64
  /// When the documents came, in the order of arrival.
  let arrivals: Arrivals

  /// How many documents came at which moments, the earliest first.
  struct Arrivals: Hashable, Sendable {
    private(set) var groups: [(end: Int, seen: Timestamp)] = []

    /// `count` documents that came after all others.
    mutating func add(_ count: Int, at seen: Timestamp) {
      let end = (groups.last?.end ?? 0) + count
      if let last = groups.last, last.seen == seen {
        groups[groups.count - 1].end = end
      } else {
        groups.append((end, seen))
      }
    }

    var first: Timestamp { groups.map(\.seen).min() ?? Timestamp(ticks: .min) }
    var last: Timestamp { groups.map(\.seen).max() ?? Timestamp(ticks: .min) }

    /// When a document came, by its number in the order of arrival.
    func seen(_ ordinal: Int) -> Timestamp { groups.first { ordinal < $0.end }?.seen ?? last }

    static func == (a: Arrivals, b: Arrivals) -> Bool { a.groups.elementsEqual(b.groups, by: ==) }
    func hash(into hasher: inout Hasher) { for group in groups { hasher.combine(group.seen) } }
  }

  /// The traces of documents that are given in the order of the block: those of a trace side by side.
  init(block: Int64, traces: some Sequence<(id: TraceID, checksums: [UInt16])>, bytes: Int64, arrivals: Arrivals) {
    var ids: [TraceID] = []
    var ends: [Int] = []
    var checksums: [UInt16] = []
    for trace in traces {
      ids.append(trace.id)
      checksums += trace.checksums
      ends.append(checksums.count)
    }
    self.init(block: block, ids: ids, ends: ends, checksums: checksums, bytes: bytes, arrivals: arrivals)
  }

  private init(
    block: Int64, ids: [TraceID], ends: [Int], checksums: [UInt16], bytes: Int64, arrivals: Arrivals
  ) {
    self.block = block
    self.ids = ids
    self.ends = ends
    self.checksums = checksums
    self.bytes = bytes
    self.arrivals = arrivals
  }

  /// Where the documents of a trace lie; `nil` when the block has none.
  func part(of id: TraceID) -> TracePart? {
    var (low, high) = (0, ids.count)
    while low < high {
      let middle = (low + high) / 2
      if ids[middle] < id { low = middle + 1 } else { high = middle }
    }
    return low < ids.count && ids[low] == id ? part(at: low) : nil
  }

  func part(at position: Int) -> TracePart {
    let first = position == 0 ? 0 : ends[position - 1]
    return TracePart(block: block, first: first, checksums: Array(checksums[first..<ends[position]]))
  }

  // MARK: The row

  static let select = "SELECT block, revision, bytes, checksum, filter, arrivals, entries FROM traces"

  /// Reads a row of ``select``.
  init(_ row: Row, path: String) throws(StoreError) {
    var place = "traces of blocks"
    do {
      block = try row.number(0)
      place = "traces of block \(block)"
      bytes = try row.number(2)
      let blobs = [try row.blob(4), try row.blob(5), try row.blob(6)]
      guard try row.number(3) == Self.checksum(blobs, [block, try row.number(1), bytes]) else {
        throw StoreError(.damaged, path: path, place: place, "their checksum is wrong")
      }
      var times = ByteInput(blobs[1])
      var arrivals = Arrivals()
      var seen: Int64 = 0
      while let count = times.varint(), let ticks = times.signedVarint() {
        seen &+= ticks
        arrivals.add(Int(count & 0xFFFF_FFFF), at: Timestamp(ticks: seen))
      }
      self.arrivals = arrivals
      var entries = ByteInput(blobs[2])
      guard let count = entries.varint(), let ids = entries.traceIDs(count) else { throw UnexpectedValue(column: 6) }
      self.ids = ids
      var ends: [Int] = []
      ends.reserveCapacity(ids.count)
      var end = 0
      for _ in ids {
        end += Int((entries.varint() ?? 0) & 0xFFFF)
        ends.append(end)
      }
      self.ends = ends
      guard let checksums = entries.halves(end), entries.isAtEnd else { throw UnexpectedValue(column: 6) }
      self.checksums = checksums
    } catch {
      throw StoreError(error, path: path, place: place)
    }
  }

  func write(to db: Database, revision: Int64) throws {
    var times = Data()
    var last = (end: 0, ticks: Int64(0))
    for group in arrivals.groups {
      times.append(varint: UInt64(group.end - last.end))
      times.append(signedVarint: group.seen.ticks &- last.ticks)
      last = (group.end, group.seen.ticks)
    }
    var entries = Data(capacity: ids.count * 18 + checksums.count * 2)
    entries.append(varint: UInt64(ids.count))
    for id in ids { entries.append(id.key) }
    var first = 0
    for end in ends {
      entries.append(varint: UInt64(end - first))
      first = end
    }
    checksums.forEach { half in withUnsafeBytes(of: half.littleEndian) { entries.append(contentsOf: $0) } }
    let blobs = [Data(IDFilter(ids).bytes), times, entries]
    try db.run(
      """
      INSERT OR REPLACE INTO traces (block, revision, bytes, checksum, filter, arrivals, entries)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """, [block, revision, bytes, Self.checksum(blobs, [block, revision, bytes]), blobs[0], blobs[1], blobs[2]])
  }

  private static func checksum(_ blobs: [Data], _ numbers: [Int64]) -> Int64 {
    var checksum = Checksum()
    for blob in blobs { blob.withUnsafeBytes { checksum.add($0) } }
    for number in numbers { checksum.add(number) }
    return Int64(checksum.value)
  }
}

/// Where the documents of one trace lie in a sealed block, side by side.
struct TracePart: Hashable, Sendable {
  var block: Int64
  /// The place of the first one in the block.
  var first: Int
  /// The low halves of the documents' checksums.
  var checksums: [UInt16]

  var places: Range<Int> { first..<first + checksums.count }

  /// The documents, in the order of arrival.
  ///
  /// - Throws: ``StoreError/Reason/damaged`` when they cannot be read or are not those that the index names.
  func documents(in reader: BlockReader, path: String) throws(StoreError) -> DocumentBatch {
    let documents: DocumentBatch
    do { documents = try reader.documents(in: places) } catch {
      throw StoreError(.damaged, path: path, place: "block \(block)", "\(error)")
    }
    try check(documents, from: 0, path: path)
    return documents
  }

  /// Throws unless the documents from that position on are those that the index names.
  func check(_ documents: DocumentBatch, from position: Int, path: String) throws(StoreError) {
    for (offset, checksum) in checksums.enumerated()
    where UInt16(truncatingIfNeeded: Checksum(of: documents[position + offset]).value) != checksum {
      throw StoreError(
        .damaged, path: path, place: "traces of block \(block)", "they name a document that the block does not have")
    }
  }
}
