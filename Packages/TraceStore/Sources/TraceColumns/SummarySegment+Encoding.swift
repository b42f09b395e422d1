import Traces

extension SummarySegment {
  /// A segment of `rows`, in their order.
  ///
  /// - Throws: ``ColumnError/Reason/tooManyRows`` beyond ``rowLimit``, and for traces with so many segments that
  ///   they belong into segments of their own.
  public init(_ rows: [SegmentRow]) throws(ColumnError) {
    let facts = rows.reduce(0) { $0 + max($1.facts.visits.count, $1.facts.calls.count) }
    guard rows.count <= Self.rowLimit, facts <= GraphColumns.factLimit else {
      throw ColumnError(.tooManyRows, at: rows.count)
    }
    let summaries = rows.map(\.summary)
    var encoder = SegmentEncoder()
    Self.appendNumbers(of: summaries, to: &encoder)
    Self.appendTexts(of: summaries, to: &encoder)
    AnnotationColumns.append(summaries.map(\.annotations), to: &encoder)
    NumberColumn.append(summaries.map(\.revision), to: &encoder.body)
    let causes = summaries.map {
      Causes(fault: $0.faultRootCauses, error: $0.errorRootCauses, responseTime: $0.responseTimeRootCauses)
    }
    CauseColumn.append(causes, to: &encoder.body)
    GraphColumns.append(rows, to: &encoder)
    var body: [UInt8] = []
    body.append(varint: rows.count)
    try self.init(decoding: Self.envelope.wrap(body + encoder.finish()))
  }

  private static func appendNumbers(of summaries: [TraceSummary], to encoder: inout SegmentEncoder) {
    NumberColumn.append(summaries.map { Int64($0.id.epoch) }, to: &encoder.body)
    NumberColumn.append(summaries.map { Int64($0.id.high) }, to: &encoder.body)
    NumberColumn.append(summaries.map { Int64(bitPattern: $0.id.low) }, to: &encoder.body)
    NumberColumn.append(summaries.map(\.start.ticks), to: &encoder.body)
    SecondsColumn.append(summaries.map(\.duration), to: &encoder.body)
    SecondsColumn.append(summaries.map(\.responseTime), to: &encoder.body)
    NumberColumn.append(summaries.map(\.columnFlags), to: &encoder.body)
    OptionalColumn.append(summaries.map(\.http.status), to: &encoder.body)
  }

  private static func appendTexts(of summaries: [TraceSummary], to encoder: inout SegmentEncoder) {
    TextColumn.append(summaries.map(\.http.url), to: &encoder)
    TextColumn.append(summaries.map(\.http.method), to: &encoder)
    TextColumn.append(summaries.map(\.http.userAgent), to: &encoder)
    TextColumn.append(summaries.map(\.http.clientIP), to: &encoder)
    NumberColumn.append(summaries.map { encoder.place(of: $0.services) }, to: &encoder.body)
    NumberColumn.append(
      summaries.map { summary in summary.entryPoint.map { encoder.place(of: $0) + 1 } ?? 0 }, to: &encoder.body)
    TextListColumn.append(summaries.map { $0.users.map(\.name) }, to: &encoder)
    var lists = Interned<[Int]>()
    let places = summaries.map { summary in
      lists.place(of: summary.users.map { encoder.place(of: $0.services) })
    }
    ListTable.append(lists.values, to: &encoder.body)
    NumberColumn.append(places, to: &encoder.body)
    TextListColumn.append(summaries.map(\.resourceARNs), to: &encoder)
    TextListColumn.append(summaries.map(\.instanceIDs), to: &encoder)
    TextListColumn.append(summaries.map(\.availabilityZones), to: &encoder)
  }
}

extension TraceSummary {
  fileprivate var columnFlags: Int {
    typealias Flag = SummarySegment.Flag
    return (hasFault ? Flag.fault : 0) | (hasError ? Flag.error : 0) | (hasThrottle ? Flag.throttle : 0)
      | (isPartial ? Flag.partial : 0) | (http.status == 429 ? Flag.status429 : 0)
  }
}
