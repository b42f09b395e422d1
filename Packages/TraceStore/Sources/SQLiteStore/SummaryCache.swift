import TraceColumns
import XRayModel

/// Summaries that were asked for, in memory.
struct SummaryCache: Sendable {
  /// The state of the file that ``loose`` belongs to.
  var revision: Int64 = -1
  var loose: [TraceID: Loose] = [:]
  /// By group of blocks.
  var sums: [Int64: GraphSum] = [:]
  /// Of the groups that were last asked for.
  var total = Total()
  private var sealed: [Int64: Sealed] = [:]
  private var bytes = 0
  private var uses = 0

  /// A trace with documents in no block yet.
  struct Loose: Sendable {
    /// How many those were.
    var documents: Int
    /// Where its other documents are.
    var blocks: [Int64]
    /// `nil` when a part of it is damaged.
    var row: SegmentRow?
  }

  struct Total: Sendable {
    var stamps: [[Int64]] = []
    var counts = GraphCounts()
  }

  private struct Sealed: Sendable {
    var segments: [SummarySegment]
    /// Of the block, and of the file.
    var revisions: (block: Int64, file: Int64)
    var use: Int
    var bytes: Int
  }

  /// Most bytes of columns that are kept: about two million traces.
  static let bytesLimit = 192 << 20

  /// What is kept of a block, unless it was written anew. It is not current when more of its traces may be elsewhere
  /// by now.
  mutating func segments(
    of block: CatalogBlock, revision: Int64
  ) -> (segments: [SummarySegment], isCurrent: Bool)? {
    guard let known = sealed[block.id], known.revisions.block == block.revision else { return nil }
    uses += 1
    sealed[block.id]?.use = uses
    return (known.segments, known.revisions.file == revision)
  }

  mutating func keep(_ segments: [SummarySegment], of block: CatalogBlock, revision: Int64) {
    uses += 1
    bytes -= sealed[block.id]?.bytes ?? 0
    let size = segments.reduce(0) { $0 + $1.bytes.count + $1.count * 16 }
    sealed[block.id] = Sealed(segments: segments, revisions: (block.revision, revision), use: uses, bytes: size)
    bytes += size
    guard bytes > Self.bytesLimit else { return }
    // Down to three quarters at once, so that it need not be done for each.
    for (id, oldest) in sealed.sorted(by: { $0.value.use < $1.value.use }) where bytes > Self.bytesLimit / 4 * 3 {
      sealed[id] = nil
      bytes -= oldest.bytes
    }
  }
}

/// What a group of neighbouring blocks adds to a service graph, by the minute in which traces began.
struct GraphSum: Sendable {
  /// What the blocks were when it was counted.
  let stamps: [Int64]
  var minutes = GraphMinutes()
  /// Traces with links to others.
  var linked: [TraceID] = []

  /// A state of the file in which they were that.
  var revision: Int64

  init(stamps: [Int64], revision: Int64) {
    self.stamps = stamps
    self.revision = revision
  }

  /// The group that a block belongs to: about 32 full ones, whatever is sealed or removed before and after.
  static func group(of block: CatalogBlock) -> Int64 { block.id >> 17 }
}
