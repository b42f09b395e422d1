import TraceFilters

extension SegmentZone {
  /// Whether a part holds for no row, for every row, or for rows that have to be looked at.
  enum Reach { case none, all, some }

  func reach(of part: FilterPart) -> Reach {
    switch part {
    case .all(let parts):
      let reaches = parts.map { reach(of: $0) }
      return reaches.contains(.none) ? .none : reaches.allSatisfy { $0 == .all } ? .all : .some
    case .any(let parts):
      let reaches = parts.map { reach(of: $0) }
      return reaches.contains(.all) ? .all : reaches.allSatisfy { $0 == .none } ? .none : .some
    case .not(let part):
      switch reach(of: part) {
      case .none: return .all
      case .all: return .none
      case .some: return .some
      }
    case .number(let keyword, let test): return canHold(keyword, test) ? .some : .none
    case .text: return .some
    case .annotation(let key, _): return annotationKeys.mayContain(key) ? .some : .none
    case .term(let filter, let clues):
      if !clues.serviceNames.allSatisfy(services.mayContain) { return .none }
      return filter.needs.isSubset(of: [.summary, .documents]) ? reach(ofFlags: filter) : .some
    }
  }

  private func reach(ofFlags filter: TraceFilter) -> Reach {
    var verdicts: Set<Verdict> = []
    for value in 0..<SummarySegment.Flag.limit where flags >> UInt64(value) & 1 == 1 {
      verdicts.insert(filter.verdict(onFlags: value))
    }
    return verdicts.count > 1 ? .some : verdicts.first == .no ? .none : verdicts.first == .yes ? .all : .some
  }

  private func canHold(_ keyword: Keyword, _ test: FilterPart.NumberTest?) -> Bool {
    let bounds: ClosedRange<Double>?
    switch keyword {
    case .responseTime: bounds = responseTimes
    case .duration: bounds = durations
    case .httpStatus: bounds = statuses
    default: return false
    }
    // What is no number has no bounds, but is set.
    guard let test else { return true }
    guard let bounds else { return false }
    switch test.comparator {
    case .equal: return bounds.contains(test.bound)
    case .less, .lessOrEqual: return test.comparator.holds(bounds.lowerBound, test.bound)
    case .greater, .greaterOrEqual: return test.comparator.holds(bounds.upperBound, test.bound)
    case .notEqual: return true
    case .contains, .beginsWith, .endsWith: return false
    }
  }
}
