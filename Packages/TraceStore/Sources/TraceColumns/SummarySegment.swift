public import TraceFilters
import Traces
public import XRayModel

/// Up to ``rowLimit`` traces in columns: their summaries, and the calls that service graphs are counted from.
///
/// Filters run over the columns where they lie; ``SummaryScan`` does it. What only summaries and few filters need,
/// such as texts and root causes, is inflated when it is first asked for.
public struct SummarySegment: Sendable {
  /// Most traces of a segment.
  public static let rowLimit = 4096

  /// The segment as a blob: what ``init(decoding:ids:)`` reads.
  public let bytes: [UInt8]
  /// The trace of each row, in ascending order. They are no part of the blob: engines keep them in an index.
  public let ids: [TraceID]
  public var count: Int { ids.count }
  /// What decides whether a filter has to look at the rows.
  public let zone: SegmentZone

  let services: [ServiceID]
  let serviceLists: ListTable
  /// In ticks.
  let starts: StartColumn
  let durations: SecondsColumn
  let responseTimes: SecondsColumn
  let flags: NumberColumn
  let statuses: OptionalColumn
  let urls: TextColumn
  let methods: TextColumn
  let userAgents: TextColumn
  let clientIPs: TextColumn
  /// The list of each row's services.
  let servicePlaces: NumberColumn
  /// 0 where there is none, else a service plus 1.
  let entryPoints: NumberColumn
  let userNames: TextListColumn
  /// For each list of user names that a row has: the lists of services that belong to the users.
  let userServices: ListTable
  let userServicePlaces: NumberColumn
  let resourceARNs: TextListColumn
  let instanceIDs: TextListColumn
  let availabilityZones: TextListColumn
  let annotations: AnnotationColumns
  let revisions: NumberColumn
  let faultCauses: CauseColumn
  let errorCauses: CauseColumn
  let responseTimeCauses: CauseColumn
  let graph: GraphColumns
  /// Rows that nothing finds and no graph counts: their traces were removed or are elsewhere by now.
  private(set) var hidden: Bitmap

  static let envelope = Envelope(letters: Array("FLTS".utf8), version: 2)

  /// Reads a blob. Bytes that are not a whole segment give an error, never a wrong answer.
  ///
  /// - Parameter ids: The traces of the rows that the segment was made of, in ascending order.
  /// - Throws: ``ColumnError``; `malformed` also where there are more ids than rows or fewer, `unsorted` where an id
  ///   is not greater than the one before.
  public init(decoding bytes: [UInt8], ids: [TraceID]) throws(ColumnError) {
    self.bytes = bytes
    self.ids = ids
    var reader = try Self.envelope.open(bytes)
    let count = try reader.count(limit: Self.rowLimit)
    guard ids.count == count else { throw reader.fail() }
    for row in ids.indices.dropFirst() where ids[row - 1] >= ids[row] { throw ColumnError(.unsorted, at: row) }
    hidden = Bitmap(count: count)
    zone = try SegmentZone(&reader)
    var decoder = try SegmentDecoder(reader, count: count)
    services = decoder.services
    serviceLists = decoder.serviceLists
    graph = decoder.graph
    starts = try StartColumn(&decoder.reader, ids: ids)
    durations = try SecondsColumn(&decoder.reader, count: count)
    guard durations.isTicks || !graph.needsDurations else { throw decoder.reader.fail() }
    responseTimes = try SecondsColumn(&decoder.reader, count: count, mostly: durations)
    flags = try NumberColumn(&decoder.reader, count: count, below: Flag.limit)
    statuses = try OptionalColumn(&decoder.reader, count: count)
    urls = try TextColumn(&decoder.reader, rowCount: count)
    methods = try TextColumn(&decoder.reader, rowCount: count)
    userAgents = try TextColumn(&decoder.reader, rowCount: count)
    clientIPs = try TextColumn(&decoder.reader, rowCount: count)
    servicePlaces = try NumberColumn(&decoder.reader, count: count, below: serviceLists.count)
    entryPoints = try NumberColumn(&decoder.reader, count: count, below: services.count + 1)
    userNames = try TextListColumn(&decoder.reader, rowCount: count)
    userServices = try ListTable(&decoder.reader, below: serviceLists.count)
    userServicePlaces = try NumberColumn(&decoder.reader, count: count, below: userServices.count)
    resourceARNs = try TextListColumn(&decoder.reader, rowCount: count)
    instanceIDs = try TextListColumn(&decoder.reader, rowCount: count)
    availabilityZones = try TextListColumn(&decoder.reader, rowCount: count)
    annotations = try AnnotationColumns(&decoder)
    revisions = try NumberColumn(&decoder.reader, count: count)
    let causeNames = try TextTable(&decoder.reader)
    faultCauses = try CauseColumn(&decoder, causeNames, responseTimes: responseTimes)
    errorCauses = try CauseColumn(&decoder, causeNames, responseTimes: responseTimes)
    responseTimeCauses = try CauseColumn(&decoder, causeNames, responseTimes: responseTimes)
    guard decoder.reader.remaining == NumberLayout.padding else { throw decoder.reader.fail() }
  }

  /// The bits of ``flags``.
  enum Flag {
    static let fault = 1
    static let error = 2
    static let throttle = 4
    static let partial = 8
    /// The root was throttled by its status.
    static let status429 = 16
    /// There are links to other traces.
    static let linked = 32
    static let limit = 64
  }

  // MARK: Rows

  public func id(at row: Int) -> TraceID { ids[row] }

  public func start(at row: Int) -> Timestamp { Timestamp(ticks: starts[row]) }

  /// The row of a trace, hidden or not; `nil` when the trace is not in the segment.
  public func row(of id: TraceID) -> Int? {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if ids[middle] < id { low = middle + 1 } else { high = middle }
    }
    return low < count && ids[low] == id ? low : nil
  }

  /// Hides the rows of some traces from scans and graphs, of those that the segment has. No part of the blob.
  public mutating func hide(_ ids: some Sequence<TraceID>) {
    for id in ids { if let row = row(of: id) { hidden.insert(row) } }
  }

  public var hiddenCount: Int { hidden.cardinality }

  /// All rows that are not hidden.
  var visible: Bitmap {
    var rows = Bitmap(count: count, isFull: true)
    rows.subtract(hidden)
    return rows
  }

  /// The visible rows with links to other traces. Links are not in the columns: documents tell where they lead.
  public var linkedRows: [Int] { linked(visible).rows }

  func linked(_ rows: Bitmap) -> Bitmap {
    var linked = Bitmap(count: count)
    linked.insert(flags) { $0 & Int64(Flag.linked) != 0 }
    linked.formIntersection(rows)
    return linked
  }

  /// The names that an expression about these traces may ask for, of hidden rows too. No row is looked at.
  public var names: SeenNames {
    var names = SeenNames()
    names.services.formUnion(services.map(\.name))
    for column in annotations.columns { names.annotations[column.key, default: []].formUnion(column.valueKinds) }
    return names
  }
}

/// When traces began. Their ids tell the second in most cases, so that only the rest is kept.
struct StartColumn: RowValues, Sendable {
  let ticks: [Int64]

  static func append(_ starts: [Int64], ids: [TraceID], to bytes: inout [UInt8]) {
    let rests = zip(starts, ids).map { $0 &- second(of: $1) }
    let isByID = spread(rests) < spread(starts)
    bytes.append(isByID ? 1 : 0)
    NumberColumn.append(isByID ? rests : starts, to: &bytes)
  }

  init(_ reader: inout ByteReader, ids: [TraceID]) throws(ColumnError) {
    let isByID = try reader.count(limit: 1) == 1
    var ticks = try NumberColumn(&reader, count: ids.count).values
    if isByID { for row in ids.indices { ticks[row] &+= Self.second(of: ids[row]) } }
    self.ticks = ticks
  }

  subscript(row: Int) -> Int64 { ticks[row] }

  @inline(__always)
  func forEach(_ body: (_ row: Int, _ ticks: Int64) -> Void) {
    for row in ticks.indices { body(row, ticks[row]) }
  }

  private static func second(of id: TraceID) -> Int64 { Int64(id.epoch) &* Timestamp.ticksPerSecond }

  private static func spread(_ values: [Int64]) -> UInt64 {
    UInt64(bitPattern: (values.max() ?? 0) &- (values.min() ?? 0))
  }
}
