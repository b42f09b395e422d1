import Traces

extension SummarySegment {
  /// A segment of `rows`, which are in ascending order of their traces' ids, each trace once.
  ///
  /// - Throws: ``ColumnError/Reason/unsorted`` for another order; ``ColumnError/Reason/tooManyRows`` beyond
  ///   ``rowLimit``, and for traces with so many segments that they belong into segments of their own.
  public init(_ rows: [SegmentRow]) throws(ColumnError) {
    let facts = rows.indices.reduce(0) { $0 + max(1, rows[$1].facts.visits.count, rows[$1].facts.calls.count) }
    guard rows.count <= Self.rowLimit, facts <= GraphColumns.factLimit else {
      throw ColumnError(.tooManyRows, at: rows.count)
    }
    let durations = SecondsColumn.ticks(of: rows.column { $0.summary.duration })
    var encoder = SegmentEncoder(rows, durations: durations)
    Self.appendNumbers(of: rows, durations, to: &encoder)
    Self.appendTexts(of: rows, to: &encoder)
    AnnotationColumns.append(rows, to: &encoder)
    NumberColumn.append(rows.column { $0.summary.revision }, to: &encoder.body)
    let times = rows.column { $0.summary.responseTime }
    CauseColumn.append(rows.column { $0.summary.faultRootCauses }, times, to: &encoder)
    CauseColumn.append(rows.column { $0.summary.errorRootCauses }, times, to: &encoder)
    CauseColumn.append(rows.column { $0.summary.responseTimeRootCauses }, times, to: &encoder)
    var body: [UInt8] = []
    body.append(varint: rows.count)
    SegmentZone(rows, services: encoder.services.services).append(to: &body)
    body += encoder.finish()
    body += [UInt8](repeating: 0, count: NumberLayout.padding)
    try self.init(decoding: Self.envelope.wrap(body), ids: rows.column { $0.summary.id })
  }

  private static func appendNumbers(of rows: [SegmentRow], _ durations: [Int64]?, to encoder: inout SegmentEncoder) {
    StartColumn.append(rows.column { $0.summary.start.ticks }, ids: rows.column { $0.summary.id }, to: &encoder.body)
    SecondsColumn.append(rows.column { $0.summary.duration }, to: &encoder.body)
    SecondsColumn.append(rows.column { $0.summary.responseTime }, mostly: durations, to: &encoder.body)
    NumberColumn.append(rows.column { $0.flags }, isHot: true, to: &encoder.body)
    OptionalColumn.append(rows.column { $0.summary.http.status }, to: &encoder.body)
  }

  private static func appendTexts(of rows: [SegmentRow], to encoder: inout SegmentEncoder) {
    TextColumn.append(rows.column { $0.summary.http.url }, to: &encoder)
    TextColumn.append(rows.column { $0.summary.http.method }, to: &encoder)
    TextColumn.append(rows.column { $0.summary.http.userAgent }, to: &encoder)
    TextColumn.append(rows.column { $0.summary.http.clientIP }, to: &encoder)
    ShapedColumn.append(rows.column { encoder.place(of: $0.summary.services) }, to: &encoder)
    let entryPoints = rows.column { row in row.summary.entryPoint.map { encoder.place(of: $0) + 1 } ?? 0 }
    ShapedColumn.append(entryPoints, to: &encoder)
    TextListColumn.append(rows.column { $0.summary.users.map(\.name) }, to: &encoder)
    var lists = Interned<[Int]>()
    let places = rows.column { row in lists.place(of: row.summary.users.map { encoder.place(of: $0.services) }) }
    ListTable.append(lists.values, to: &encoder.body)
    ShapedColumn.append(places, to: &encoder)
    TextListColumn.append(rows.column { $0.summary.resourceARNs }, to: &encoder)
    TextListColumn.append(rows.column { $0.summary.instanceIDs }, to: &encoder)
    TextListColumn.append(rows.column { $0.summary.availabilityZones }, to: &encoder)
  }
}

extension SegmentRow {
  /// The bits of ``SummarySegment/Flag``.
  var flags: Int {
    typealias Flag = SummarySegment.Flag
    return (summary.hasFault ? Flag.fault : 0) | (summary.hasError ? Flag.error : 0)
      | (summary.hasThrottle ? Flag.throttle : 0) | (summary.isPartial ? Flag.partial : 0)
      | (summary.http.status == 429 ? Flag.status429 : 0) | (isLinked ? Flag.linked : 0)
  }
}

extension [SegmentRow] {
  /// One fact of each row. Rows are large: copies of them would cost more than all else.
  @inline(__always)
  func column<Value>(_ value: (SegmentRow) -> Value) -> [Value] {
    withUnsafeBufferPointer { rows in rows.indices.map { value(rows[$0]) } }
  }
}
