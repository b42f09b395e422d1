import TraceFilters
import Traces
import XRayModel

/// Asks an expression of all rows of a segment, one column at a time.
struct SegmentEvaluation {
  let segment: SummarySegment

  /// - Parameter candidates: The rows that matter; what comes out for others may be anything.
  func verdicts(_ part: FilterPart, among candidates: Bitmap) throws(ColumnError) -> Verdicts {
    switch part {
    case .all(let parts):
      var result = Verdicts(candidates)
      for part in parts where !result.possible.isEmpty {
        result.formIntersection(try verdicts(part, among: result.possible))
      }
      return result
    case .any(let parts):
      var result = Verdicts(count: segment.count, all: false)
      var rest = candidates
      for part in parts where !rest.isEmpty {
        result.formUnion(try verdicts(part, among: rest))
        rest.subtract(result.sure)
      }
      return result
    case .not(let part):
      var result = try verdicts(part, among: candidates)
      result.invert()
      return result
    case .number(let keyword, let test): return Verdicts(rows(keyword, test))
    case .text(let keyword, let test): return try texts(keyword, test)
    case .annotation(let key, let test): return try annotations(key, test)
    case .term(let filter, let clues): return try term(filter, clues, among: candidates)
    }
  }

  // MARK: Numbers

  private func rows(_ keyword: Keyword, _ test: FilterPart.NumberTest?) -> Bitmap {
    var rows = Bitmap(count: segment.count)
    let presence: Bitmap?
    switch keyword {
    case .responseTime, .duration:
      let column = keyword == .duration ? segment.durations : segment.responseTimes
      presence = column.presence
      fill(&rows, column, test)
    case .httpStatus:
      let verdicts = segment.statuses.numbers.map { status in
        Verdict(test.map { $0.comparator.holds(Double(status), $0.bound) } ?? true)
      }
      return Verdicts(segment.statuses.places, [.no] + verdicts).sure
    default: return rows
    }
    if let presence { rows.formIntersection(presence) }
    return rows
  }

  /// The comparison is chosen before the loop, which then has nothing else to do.
  @inline(__always)
  private func fill<Column: RowValues>(
    _ rows: inout Bitmap, _ column: Column, _ test: FilterPart.NumberTest?
  ) where Column.Value == Double {
    guard let test else {
      rows.invert()
      return
    }
    let bound = test.bound
    switch test.comparator {
    case .equal: rows.insert(column) { $0 == bound }
    case .notEqual: rows.insert(column) { $0 != bound && !$0.isNaN }
    case .less: rows.insert(column) { $0 < bound }
    case .lessOrEqual: rows.insert(column) { $0 <= bound }
    case .greater: rows.insert(column) { $0 > bound }
    case .greaterOrEqual: rows.insert(column) { $0 >= bound }
    case .contains, .beginsWith, .endsWith: break
    }
  }

  // MARK: Texts

  private func texts(_ keyword: Keyword, _ test: FilterPart.TextTest?) throws(ColumnError) -> Verdicts {
    switch keyword {
    case .httpURL: try text(segment.urls, test)
    case .httpMethod: try text(segment.methods, test)
    case .httpUserAgent: try text(segment.userAgents, test)
    case .httpClientIP: try text(segment.clientIPs, test)
    case .user: try list(segment.userNames, test)
    case .availabilityZone: try list(segment.availabilityZones, test)
    case .instanceID: try list(segment.instanceIDs, test)
    case .resourceARN: try list(segment.resourceARNs, test)
    default: Verdicts(count: segment.count, all: false)
    }
  }

  private func text(_ column: TextColumn, _ test: FilterPart.TextTest?) throws(ColumnError) -> Verdicts {
    Verdicts(column.places, [.no] + (try column.table.matches(test)).map { Verdict($0) })
  }

  private func list(_ column: TextListColumn, _ test: FilterPart.TextTest?) throws(ColumnError) -> Verdicts {
    Verdicts(column.places, column.lists.verdicts(try column.table.matches(test).map { Verdict($0) }))
  }

  // MARK: Annotations

  private func annotations(_ key: String, _ test: FilterPart.ValueTest) throws(ColumnError) -> Verdicts {
    guard let column = segment.annotations.columns.first(where: { $0.key == key }) else {
      return Verdicts(count: segment.count, all: false)
    }
    let entries = try column.matches(test).map { Verdict($0) }
    let verdicts = Verdicts(column.places, entries + column.lists.verdicts(entries))
    if column.rows.isFull { return verdicts }
    // The column has places for the rows with the key only.
    var found = Bitmap(count: segment.count)
    var next = 0
    column.rows.forEach { row in
      if verdicts.sure[next] { found.insert(row) }
      next += 1
    }
    return Verdicts(found)
  }

  // MARK: Other terms

  /// Asks the filter of each distinct value instead of each row.
  private func term(
    _ filter: TraceFilter, _ clues: FilterPart.Clues, among candidates: Bitmap
  ) throws(ColumnError) -> Verdicts {
    if filter.needs.contains(.rootCauses) { return try rootCauses(filter, clues, among: candidates) }
    if filter.needs.contains(.edges) { return edges(filter) }
    if filter.needs.contains(.services) {
      let verdicts = segment.services.map { Verdict(filter.verdict(on: PartialSubject(service: $0))) }
      return Verdicts(segment.servicePlaces, segment.serviceLists.verdicts(verdicts))
    }
    return Verdicts(segment.flags, (0..<SummarySegment.Flag.limit).map { filter.verdict(onFlags: $0) })
  }

  /// Rows with the same causes, shares of time aside, are asked together.
  private func rootCauses(
    _ filter: TraceFilter, _ clues: FilterPart.Clues, among candidates: Bitmap
  ) throws(ColumnError) -> Verdicts {
    let fault = clues.rootCauseKinds.contains(.fault) ? segment.faultCauses : nil
    let error = clues.rootCauseKinds.contains(.error) ? segment.errorCauses : nil
    let responseTime = clues.rootCauseKinds.contains(.responseTime) ? segment.responseTimeCauses : nil
    var keys = [Int](repeating: 0, count: segment.count)
    for column in [fault, error, responseTime] {
      column?.places.forEach { row, place in keys[row] = keys[row] * (SummarySegment.rowLimit + 1) + Int(place) }
    }
    var verdicts = Verdicts(count: segment.count, all: filter.verdict(on: TraceSummary.blank) ?? false)
    var known: [Int: Bool?] = [:]
    for row in candidates.rows where keys[row] != 0 {
      let holds: Bool?
      if let before = known[keys[row]], !clues.asksCoverage {
        holds = before
      } else {
        var summary = TraceSummary.blank
        if let fault { summary.faultRootCauses = try fault.causes(of: row) }
        if let error { summary.errorRootCauses = try error.causes(of: row) }
        if let responseTime { summary.responseTimeRootCauses = try responseTime.causes(of: row) }
        holds = filter.verdict(on: summary)
        if !clues.asksCoverage { known[keys[row]] = .some(holds) }
      }
      verdicts.sure.set(row, holds == true)
      verdicts.possible.set(row, holds != false)
    }
    return verdicts
  }

  private func edges(_ filter: TraceFilter) -> Verdicts {
    let pairs = segment.graph.pairs.map { pair in
      let edge = PartialSubject(edge: (segment.services[pair.source], segment.services[pair.target]))
      return Verdict(filter.verdict(on: edge))
    }
    var verdicts = Verdicts(count: segment.count, all: false)
    segment.graph.forEachPart { kind, part, blob in
      let verdict = kind.pair > 0 ? pairs[kind.pair - 1] : .no
      if verdict == .no { return }
      part.forEachRow(in: blob) { _, row in
        verdicts.possible.insert(row)
        if verdict == .yes { verdicts.sure.insert(row) }
      }
    }
    return verdicts
  }
}

extension TraceFilter {
  /// What the bits of ``SummarySegment/Flag`` tell.
  func verdict(onFlags flags: Int) -> Verdict {
    typealias Flag = SummarySegment.Flag
    var summary = TraceSummary.blank
    summary.hasFault = flags & Flag.fault != 0
    summary.hasError = flags & Flag.error != 0
    summary.hasThrottle = flags & Flag.throttle != 0
    summary.isPartial = flags & Flag.partial != 0
    summary.http.status = flags & Flag.status429 != 0 ? 429 : nil
    return Verdict(verdict(on: summary))
  }
}

/// A trace of which nothing is known but one service or one call.
private struct PartialSubject: TraceSubject {
  var service: ServiceID?
  var edge: (source: ServiceID, target: ServiceID)?

  func flag(_ keyword: Keyword) -> Bool? { nil }
  func number(_ keyword: Keyword) -> Double? { nil }
  func hasText(_ keyword: Keyword, where test: (String) -> Bool) -> Bool { false }
  func hasAnnotation(_ key: AnnotationKey, where test: (AnnotationValue) -> Bool) -> Bool { false }
  func hasService(where test: (ServiceID) -> Bool) -> Bool { service.map(test) ?? false }
  func hasEdge(where test: (ServiceID, ServiceID) -> Bool) -> Bool? { edge.map { test($0.source, $0.target) } }
  func hasRootCause(_ kind: RootCauseKind, where test: (RootCause) -> Bool) -> Bool { false }
}

extension TraceSummary {
  fileprivate static var blank: TraceSummary {
    TraceSummary(id: TraceID(epoch: 0, high: 0, low: 0), start: Timestamp(ticks: 0))
  }
}

extension ListTable {
  fileprivate func verdicts(_ elements: [Verdict]) -> [Verdict] {
    (0..<count).map { place in Verdict.any(self[place].lazy.map { elements[$0] }) }
  }
}

extension AnnotationColumn {
  /// Which entries pass a test.
  fileprivate func matches(_ test: FilterPart.ValueTest) throws(ColumnError) -> [Bool] {
    switch test {
    case .isSet: return kinds.map { _ in true }
    case .isTrue: return kinds.map { $0 != .no }
    case .flag(let flag): return kinds.map { $0 == (flag ? .yes : .no) }
    case .text(let test):
      guard kinds.contains(.text) else { return kinds.map { _ in false } }
      return zip(kinds, try texts.matches(test)).map { $0 == .text && $1 }
    case .number(let test):
      return kinds.indices.map { entry in
        (kinds[entry] == .number || kinds[entry] == .whole) && test.comparator.holds(double(entry), test.bound)
      }
    }
  }
}
