import Traces
public import XRayModel

/// Up to ``rowLimit`` traces in columns: their summaries, and the calls that service graphs are counted from.
///
/// Filters run over the columns where they lie; ``SummaryScan`` does it. Nothing is decoded row by row until a
/// summary is asked for.
public struct SummarySegment: Sendable {
  /// Most traces of a segment.
  public static let rowLimit = 4096

  /// The segment as a blob: what ``init(decoding:)`` reads.
  public let bytes: [UInt8]
  public let count: Int
  /// What decides whether a filter has to look at the rows.
  public let zone: SegmentZone

  let services: [ServiceID]
  let serviceLists: ListTable
  let epochs: NumberColumn
  let highs: NumberColumn
  let lows: NumberColumn
  let starts: NumberColumn
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
  let causes: CauseColumn
  let graph: GraphColumns

  static let envelope = Envelope(letters: Array("FLTS".utf8))

  /// Reads a blob. Bytes that are not a whole segment give an error, never a wrong answer.
  public init(decoding bytes: [UInt8]) throws(ColumnError) {
    self.bytes = bytes
    var reader = try Self.envelope.open(bytes)
    let count = try reader.count(limit: Self.rowLimit)
    self.count = count
    var decoder = try SegmentDecoder(reader)
    services = decoder.services
    serviceLists = decoder.serviceLists
    epochs = try NumberColumn(&decoder.reader, count: count)
    highs = try NumberColumn(&decoder.reader, count: count)
    lows = try NumberColumn(&decoder.reader, count: count)
    starts = try NumberColumn(&decoder.reader, count: count)
    durations = try SecondsColumn(&decoder.reader, count: count)
    responseTimes = try SecondsColumn(&decoder.reader, count: count)
    flags = try NumberColumn(&decoder.reader, count: count, below: Flag.limit)
    statuses = try OptionalColumn(&decoder.reader, count: count)
    urls = try TextColumn(&decoder, count: count)
    methods = try TextColumn(&decoder, count: count)
    userAgents = try TextColumn(&decoder, count: count)
    clientIPs = try TextColumn(&decoder, count: count)
    servicePlaces = try NumberColumn(&decoder.reader, count: count, below: serviceLists.lists.count)
    entryPoints = try NumberColumn(&decoder.reader, count: count, below: services.count + 1)
    userNames = try TextListColumn(&decoder, count: count)
    userServices = try ListTable(&decoder.reader, below: serviceLists.lists.count)
    userServicePlaces = try NumberColumn(&decoder.reader, count: count, below: userServices.lists.count)
    resourceARNs = try TextListColumn(&decoder, count: count)
    instanceIDs = try TextListColumn(&decoder, count: count)
    availabilityZones = try TextListColumn(&decoder, count: count)
    annotations = try AnnotationColumns(&decoder, count: count)
    revisions = try NumberColumn(&decoder.reader, count: count)
    causes = try CauseColumn(&decoder.reader, count: count)
    graph = try GraphColumns(&decoder, count: count)
    guard decoder.reader.remaining == 0 else { throw decoder.reader.fail() }
    zone = SegmentZone(starts: starts, durations: durations, responseTimes: responseTimes, statuses: statuses)
  }

  /// The bits of ``flags``.
  enum Flag {
    static let fault = 1
    static let error = 2
    static let throttle = 4
    static let partial = 8
    /// The root was throttled by its status.
    static let status429 = 16
    static let limit = 32
  }
}

/// The bounds of a segment's numbers. A filter that they cannot satisfy need not look at the rows.
public struct SegmentZone: Hashable, Sendable {
  /// When the first and the last trace began; `nil` without traces.
  public var starts: ClosedRange<Timestamp>?
  /// Seconds; `nil` when no trace has such a number.
  public var durations: ClosedRange<Double>?
  public var responseTimes: ClosedRange<Double>?
  public var statuses: ClosedRange<Double>?

  init(starts: NumberColumn, durations: SecondsColumn, responseTimes: SecondsColumn, statuses: OptionalColumn) {
    if starts.count > 0 {
      let bounds = starts.withValues { (low: $0.min() ?? 0, high: $0.max() ?? 0) }
      self.starts = Timestamp(ticks: bounds.low)...Timestamp(ticks: bounds.high)
    }
    self.durations = durations.bounds
    self.responseTimes = responseTimes.bounds
    var low = Int64.max
    var high = Int64.min
    statuses.values.forEach { row, status in
      if statuses.presence?[row] ?? true {
        low = min(low, status)
        high = max(high, status)
      }
    }
    if low <= high { self.statuses = Double(low)...Double(high) }
  }
}
