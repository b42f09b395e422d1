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
    case .text(let keyword, let test): return texts(keyword, test)
    case .annotation(let key, let test): return annotations(key, test)
    case .term(let filter): return try term(filter, among: candidates)
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
      presence = segment.statuses.presence
      fill(&rows, segment.statuses, test)
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

  private func texts(_ keyword: Keyword, _ test: FilterPart.TextTest?) -> Verdicts {
    switch keyword {
    case .httpURL: text(segment.urls, test)
    case .httpMethod: text(segment.methods, test)
    case .httpUserAgent: text(segment.userAgents, test)
    case .httpClientIP: text(segment.clientIPs, test)
    case .user: list(segment.userNames, test)
    case .availabilityZone: list(segment.availabilityZones, test)
    case .instanceID: list(segment.instanceIDs, test)
    case .resourceARN: list(segment.resourceARNs, test)
    default: Verdicts(count: segment.count, all: false)
    }
  }

  private func text(_ column: TextColumn, _ test: FilterPart.TextTest?) -> Verdicts {
    Verdicts(column.places, [.no] + column.table.matches(test).map { Verdict($0) })
  }

  private func list(_ column: TextListColumn, _ test: FilterPart.TextTest?) -> Verdicts {
    let verdicts = column.table.matches(test).map { Verdict($0) }
    return Verdicts(column.places, column.lists.verdicts(verdicts))
  }

  // MARK: Annotations

  private func annotations(_ key: String, _ test: FilterPart.ValueTest) -> Verdicts {
    guard let column = segment.annotations.columns.first(where: { $0.key == key }) else {
      return Verdicts(count: segment.count, all: false)
    }
    let verdicts = [.no] + column.lists.verdicts(column.matches(test).map { Verdict($0) })
    guard let rows = column.rows else { return Verdicts(column.places, verdicts) }
    var found = Bitmap(count: segment.count)
    for place in 0..<rows.count where verdicts[column.places.place(place)] == .yes { found.insert(rows.place(place)) }
    return Verdicts(found)
  }

  // MARK: Other terms

  /// Asks the filter of each distinct value instead of each row.
  private func term(_ filter: TraceFilter, among candidates: Bitmap) throws(ColumnError) -> Verdicts {
    if filter.needs.contains(.rootCauses) { return try rootCauses(filter, among: candidates) }
    if filter.needs.contains(.edges) { return edges(filter) }
    if filter.needs.contains(.services) {
      let verdicts = segment.services.map { Verdict(filter.verdict(on: PartialSubject(service: $0))) }
      return Verdicts(segment.servicePlaces, segment.serviceLists.verdicts(verdicts))
    }
    typealias Flag = SummarySegment.Flag
    let verdicts = (0..<Flag.limit).map { flags in
      var summary = TraceSummary.blank
      summary.hasFault = flags & Flag.fault != 0
      summary.hasError = flags & Flag.error != 0
      summary.hasThrottle = flags & Flag.throttle != 0
      summary.isPartial = flags & Flag.partial != 0
      summary.http.status = flags & Flag.status429 != 0 ? 429 : nil
      return Verdict(filter.verdict(on: summary))
    }
    return Verdicts(segment.flags, verdicts)
  }

  private func rootCauses(_ filter: TraceFilter, among candidates: Bitmap) throws(ColumnError) -> Verdicts {
    let opened = try segment.causes.opened()
    var verdicts = Verdicts(count: segment.count, all: filter.verdict(on: TraceSummary.blank) ?? false)
    for row in candidates.rows where !opened.isEmpty(row) {
      let causes = try opened.causes(of: row)
      var summary = TraceSummary.blank
      summary.faultRootCauses = causes.fault
      summary.errorRootCauses = causes.error
      summary.responseTimeRootCauses = causes.responseTime
      let holds = filter.verdict(on: summary)
      verdicts.sure.set(row, holds == true)
      verdicts.possible.set(row, holds != false)
    }
    return verdicts
  }

  private func edges(_ filter: TraceFilter) -> Verdicts {
    let graph = segment.graph
    let pairs = graph.pairs.map { pair in
      let edge = PartialSubject(edge: (segment.services[pair.source], segment.services[pair.target]))
      return Verdict(filter.verdict(on: edge))
    }
    var verdicts = Verdicts(count: segment.count, all: false)
    graph.callPairs.withValues { places in
      for row in 0..<segment.count {
        let verdict = Verdict.any(graph.calls(of: row).lazy.map { pairs[Int(places[$0])] })
        if verdict == .yes { verdicts.sure.insert(row) }
        if verdict != .no { verdicts.possible.insert(row) }
      }
    }
    return verdicts
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
    lists.map { list in Verdict.any(list.lazy.map { elements[$0] }) }
  }
}

extension AnnotationColumn {
  /// Which entries pass a test.
  fileprivate func matches(_ test: FilterPart.ValueTest) -> [Bool] {
    switch test {
    case .isSet: kinds.map { _ in true }
    case .isTrue: kinds.map { $0 != .no }
    case .flag(let flag): kinds.map { $0 == (flag ? .yes : .no) }
    case .text(let test): zip(kinds, texts.matches(test)).map { $0 == .text && $1 }
    case .number(let test):
      kinds.indices.map { entry in
        kinds[entry] == .number
          && test.comparator.holds(Double(bitPattern: UInt64(bitPattern: doubles[entry])), test.bound)
      }
    }
  }
}

extension FilterPart.Comparator {
  /// Of numbers.
  func holds(_ a: Double, _ b: Double) -> Bool {
    switch self {
    case .equal: a == b
    case .notEqual: a != b && !a.isNaN
    case .less: a < b
    case .lessOrEqual: a <= b
    case .greater: a > b
    case .greaterOrEqual: a >= b
    case .contains, .beginsWith, .endsWith: false
    }
  }
}
