import Traces
import XRayModel

extension SummarySegment {
  /// A segment of `rows`, which are in ascending order of their traces' ids, each trace once.
  ///
  /// - Throws: ``ColumnError/Reason/unsorted`` for another order; ``ColumnError/Reason/tooManyRows`` beyond
  ///   ``rowLimit``, and for traces with so many segments that they belong into segments of their own.
  public init(_ rows: [SegmentRow]) throws(ColumnError) {
    guard rows.count <= Self.rowLimit else { throw ColumnError(.tooManyRows, at: rows.count) }
    let columns = RowColumns(rows)
    guard columns.tables.facts.count <= GraphColumns.factLimit else { throw ColumnError(.tooManyRows, at: rows.count) }
    try self.init(decoding: Self.envelope.wrap(columns.body()), ids: columns.ids)
  }
}

extension SegmentRow {
  /// The bits of ``SummarySegment/Flag``.
  fileprivate var flags: Int64 {
    typealias Flag = SummarySegment.Flag
    let flags =
      (summary.hasFault ? Flag.fault : 0) | (summary.hasError ? Flag.error : 0)
      | (summary.hasThrottle ? Flag.throttle : 0) | (summary.isPartial ? Flag.partial : 0)
      | (summary.http.status == 429 ? Flag.status429 : 0) | (isLinked ? Flag.linked : 0)
    return Int64(flags)
  }
}

/// The columns of rows. Each row is looked at once: rows lie here and there in memory, so that fetching one takes
/// longer than most of what is done with it.
private struct RowColumns {
  var tables = SegmentTables()
  private(set) var ids: [TraceID] = []
  private var starts: [Int64] = []
  private var durations: [Double?] = []
  private var responseTimes: [Double?] = []
  private var flags: [Int64] = []
  private var statuses = OptionalColumn.Builder()
  private var urls = TextColumn.Builder()
  private var methods = TextColumn.Builder()
  private var userAgents = TextColumn.Builder()
  private var clientIPs = TextColumn.Builder()
  private var servicePlaces: [Int64] = []
  private var entryPoints: [Int64] = []
  private var userNames = TextListColumn.Builder()
  private var userServices = ListPlaces()
  private var userServicePlaces: [Int64] = []
  private var resourceARNs = TextListColumn.Builder()
  private var instanceIDs = TextListColumn.Builder()
  private var availabilityZones = TextListColumn.Builder()
  private var annotations = AnnotationColumns.Builder()
  private var revisions: [Int64] = []
  private var causeNames = ByteTable()
  private var faultCauses = CauseColumn.Builder()
  private var errorCauses = CauseColumn.Builder()
  private var responseTimeCauses = CauseColumn.Builder()

  init(_ rows: [SegmentRow]) {
    rows.withUnsafeBufferPointer { rows in
      guard let first = rows.baseAddress else { return }
      for row in rows.indices { durations.append(rows[row].summary.duration) }
      let ticks = SecondsColumn.ticks(of: durations)
      for row in rows.indices { add(first + row, row: row, duration: ticks?[row]) }
    }
  }

  /// Reads the row where it lies: copies would count references to all that it holds.
  ///
  /// - Parameter duration: In ticks; `nil` when durations are no whole ticks.
  private mutating func add(_ row: UnsafePointer<SegmentRow>, row number: Int, duration: Int64?) {
    let start = row.pointee.summary.start.ticks
    ids.append(row.pointee.summary.id)
    starts.append(start)
    responseTimes.append(row.pointee.summary.responseTime)
    flags.append(row.pointee.flags)
    revisions.append(Int64(row.pointee.summary.revision))
    statuses.add(row.pointee.summary.http.status)
    urls.add(row.pointee.summary.http.url)
    methods.add(row.pointee.summary.http.method)
    userAgents.add(row.pointee.summary.http.userAgent)
    clientIPs.add(row.pointee.summary.http.clientIP)
    servicePlaces.append(Int64(tables.place(of: row.pointee.summary.services)))
    entryPoints.append(row.pointee.summary.entryPoint.map { Int64(tables.place(of: $0)) + 1 } ?? 0)
    addUsers(row.pointee.summary.users)
    resourceARNs.add(row.pointee.summary.resourceARNs)
    instanceIDs.add(row.pointee.summary.instanceIDs)
    availabilityZones.add(row.pointee.summary.availabilityZones)
    annotations.add(row.pointee.summary.annotations, row: number, &tables)
    let time = row.pointee.summary.responseTime
    faultCauses.add(row.pointee.summary.faultRootCauses, time, &causeNames, &tables)
    errorCauses.add(row.pointee.summary.errorRootCauses, time, &causeNames, &tables)
    responseTimeCauses.add(row.pointee.summary.responseTimeRootCauses, time, &causeNames, &tables)
    tables.facts.add(row.pointee.facts, row: number, start: start, duration: duration, &tables.services)
  }

  private mutating func addUsers(_ users: [TraceSummary.User]) {
    userNames.add(count: users.count) { users[$0].name }
    var places: [Int] = []
    for user in users { places.append(tables.place(of: user.services)) }
    userServices.begin(count: places.count)
    for place in places { userServices.append(place) }
    userServicePlaces.append(Int64(userServices.end()))
  }

  /// What ``SummarySegment/init(decoding:ids:)`` reads.
  func body() -> [UInt8] {
    let deflater = Deflater()
    var body: [UInt8] = []
    body.reserveCapacity(ids.count * 64)
    body.append(varint: ids.count)
    zone.append(to: &body)
    tables.append(to: &body, deflater)
    StartColumn.append(starts, ids: ids, to: &body)
    SecondsColumn.append(durations, to: &body)
    SecondsColumn.append(responseTimes, mostly: SecondsColumn.ticks(of: durations), to: &body)
    NumberColumn.append(flags, isHot: true, to: &body)
    statuses.append(to: &body)
    urls.append(to: &body, deflater)
    methods.append(to: &body, deflater)
    userAgents.append(to: &body, deflater)
    clientIPs.append(to: &body, deflater)
    NumberColumn.append(servicePlaces, isHot: true, to: &body)
    NumberColumn.append(entryPoints, to: &body)
    userNames.append(to: &body, deflater)
    userServices.append(to: &body)
    NumberColumn.append(userServicePlaces, to: &body)
    resourceARNs.append(to: &body, deflater)
    instanceIDs.append(to: &body, deflater)
    availabilityZones.append(to: &body, deflater)
    annotations.append(to: &body, rowCount: ids.count, tables, deflater)
    NumberColumn.append(revisions, to: &body)
    TextTable.append(causeNames, to: &body, deflater)
    faultCauses.append(to: &body, deflater)
    errorCauses.append(to: &body, deflater)
    responseTimeCauses.append(to: &body, deflater)
    // Numbers are read eight bytes at a time.
    body.append(contentsOf: repeatElement(0, count: NumberLayout.padding))
    return body
  }

  private var zone: SegmentZone {
    SegmentZone(
      starts: starts, durations: durations, responseTimes: responseTimes, statuses: statuses.numbers, flags: flags,
      services: tables.services.services, annotationKeys: annotations.keys)
  }
}
