import Traces

extension GraphCounts {
  /// Counts all traces of a segment that are not hidden.
  public mutating func add(_ segment: SummarySegment) { add(segment, rows: segment.visible) }

  /// Counts the traces of a segment that match for sure. Of the undecided ones open the documents and add those
  /// that match.
  public mutating func add(_ segment: SummarySegment, matching matches: RowMatches) {
    add(segment, rows: matches.sure)
  }

  mutating func add(_ segment: SummarySegment, rows: Bitmap) {
    if rows.isEmpty { return }
    var places = SegmentPlaces(segment)
    FactTimes.forEach(of: segment, rows) { kind, times in
      if kind.service > 0 {
        let node = places.node(of: kind.service - 1, in: &self)
        nodes[node].add(kind, times)
        if kind.client > 0 {
          let client = places.node(of: kind.client - 1, in: &self)
          nodes[client].cover(times.start, times.end)
        }
      }
      if kind.pair > 0 {
        let edge = places.edge(of: kind.pair - 1, in: &self)
        edges[edge].tally.count(kind.callOutcome, times)
        edges[edge].tally.responseTimes.add(times.requests, kind.callOutcome)
      }
    }
  }
}

/// Where the services and pairs of a segment stand in the counts; -1 for those that no counted row has named yet.
/// They are looked up once for each segment, because names take long to compare.
private struct SegmentPlaces {
  private let ids: [ServiceID]
  private let calls: [GraphColumns.Pair]
  private var services: [Int]
  private var pairs: [Int]

  init(_ segment: SummarySegment) {
    ids = segment.services
    calls = segment.graph.pairs
    services = [Int](repeating: -1, count: segment.services.count)
    pairs = [Int](repeating: -1, count: segment.graph.pairs.count)
  }

  mutating func node(of service: Int, in counts: inout GraphCounts) -> Int {
    if services[service] < 0 { services[service] = counts.place(of: ids[service]) }
    return services[service]
  }

  mutating func edge(of number: Int, in counts: inout GraphCounts) -> Int {
    if pairs[number] < 0 {
      let pair = calls[number]
      let source = node(of: pair.source, in: &counts)
      let edge = counts.place(of: GraphCounts.EdgeKey(source: source, target: node(of: pair.target, in: &counts)))
      if pair.alias > 0 { counts.insert(ids[pair.alias - 1], amongAliasesOf: edge) }
      pairs[number] = edge
    }
    return pairs[number]
  }
}

extension HistogramSum {
  fileprivate mutating func add(_ times: UnsafeBufferPointer<Int64>, _ outcome: Int) {
    if outcome != GraphColumns.noRequest { add(times) }
  }
}

extension GraphCounts.Node {
  /// Counts visits of one kind.
  fileprivate mutating func add(_ kind: GraphColumns.Kind, _ times: FactTimes) {
    cover(times.start, times.end)
    if kind.has(GraphColumns.Bit.root) { isRoot = true }
    if kind.has(GraphColumns.Bit.reporting) { isReporting = true }
    if kind.outcome == GraphColumns.noRequest { return }
    tally.count(kind.outcome, times)
    if kind.has(GraphColumns.Bit.hasExcess) {
      tally.responseTimes.add(times.requests)
      durations.add(times.spans)
    } else {
      common.add(times.spans)
    }
  }
}

extension GraphCounts.Tally {
  fileprivate mutating func count(_ outcome: Int, _ times: FactTimes) {
    count(outcome, times: times.requests.count)
    if outcome != GraphColumns.noRequest { ticks &+= times.ticks }
  }
}

/// The times of some facts of one kind. They last no longer than the call that they are given to.
struct FactTimes {
  /// The first start and the last end of visits, in ticks since 1970.
  var start = Int64.max
  var end = Int64.min
  /// Milliseconds, rounded as histograms do.
  var spans: UnsafeBufferPointer<Int64>
  /// The same as spans, or times of their own.
  var requests: UnsafeBufferPointer<Int64>
  /// The sum of requests.
  var ticks: Int64 = 0

  /// Calls `body` with what chosen rows have of each kind, unless that is nothing.
  static func forEach(of segment: SummarySegment, _ rows: Bitmap, _ body: (GraphColumns.Kind, FactTimes) -> Void) {
    let most = segment.graph.mostFacts
    withUnsafeTemporaryAllocation(of: Int64.self, capacity: most * 5 + 1) { memory in
      segment.starts.ticks.withUnsafeBufferPointer { starts in
        segment.durations.values.withUnsafeBufferPointer { durations in
          rows.words.withUnsafeBufferPointer { words in
            let reader = FactReader(starts: starts, durations: durations, chosen: words, memory: memory, most: most)
            segment.graph.forEachPart { kind, part, blob in
              if let times = reader.read(kind, part, blob) { body(kind, times) }
            }
          }
        }
      }
    }
  }
}

/// Unpacks times into memory that is given.
private struct FactReader {
  let starts: UnsafeBufferPointer<Int64>
  let durations: UnsafeBufferPointer<Int64>
  let chosen: UnsafeBufferPointer<UInt64>
  private let rows: UnsafeMutableBufferPointer<Int64>
  private let numbers: UnsafeMutableBufferPointer<Int64>
  private let ticks: UnsafeMutableBufferPointer<Int64>
  private let spans: UnsafeMutableBufferPointer<Int64>
  private let requests: UnsafeMutableBufferPointer<Int64>

  init(
    starts: UnsafeBufferPointer<Int64>, durations: UnsafeBufferPointer<Int64>, chosen: UnsafeBufferPointer<UInt64>,
    memory: UnsafeMutableBufferPointer<Int64>, most: Int
  ) {
    self.starts = starts
    self.durations = durations
    self.chosen = chosen
    func part(_ number: Int) -> UnsafeMutableBufferPointer<Int64> {
      UnsafeMutableBufferPointer(rebasing: memory[most * number..<most * (number + 1)])
    }
    (rows, numbers, ticks, spans, requests) = (part(0), part(1), part(2), part(3), part(4))
  }

  func read(_ kind: GraphColumns.Kind, _ part: FactLayout, _ blob: UnsafeRawBufferPointer) -> FactTimes? {
    var count = 0
    part.forEachRow(in: blob) { number, row in
      rows[count] = Int64(row)
      numbers[count] = Int64(number)
      count &+= Int(truncatingIfNeeded: chosen[row >> 6] >> UInt64(row & 63) & 1)
    }
    guard count > 0 else { return nil }
    let isWhole = count == part.count
    func unpack(_ layout: NumberLayout) {
      if isWhole {
        layout.forEach(in: blob) { number, value in ticks[number] = value }
      } else {
        for place in 0..<count { ticks[place] = layout.value(Int(numbers[place]), in: blob) }
      }
    }
    var times = FactTimes(
      spans: UnsafeBufferPointer(rebasing: spans[..<count]), requests: UnsafeBufferPointer(rebasing: spans[..<count]))
    // Until requests are known, their memory holds the starts of visits.
    if kind.service > 0 {
      if let layout = part.starts {
        unpack(layout)
        for place in 0..<count { requests[place] = starts[Int(rows[place])] &+ ticks[place] }
      } else {
        for place in 0..<count { requests[place] = starts[Int(rows[place])] }
      }
    }
    if let layout = part.spans {
      unpack(layout)
    } else if kind.service > 0 {
      for place in 0..<count { ticks[place] = durations[Int(rows[place])] }
    } else {
      return times
    }
    if kind.service > 0 {
      for place in 0..<count {
        times.start = min(times.start, requests[place])
        times.end = max(times.end, requests[place] &+ ticks[place])
      }
    }
    for place in 0..<count {
      times.ticks &+= ticks[place]
      spans[place] = Int64(HistogramSum.milliseconds(ticks[place]))
    }
    if let layout = part.excesses {
      for place in 0..<count { requests[place] = ticks[place] }
      unpack(layout)
      times.ticks = 0
      for place in 0..<count {
        let request = requests[place] &+ ticks[place]
        times.ticks &+= request
        requests[place] = Int64(HistogramSum.milliseconds(request))
      }
      times.requests = UnsafeBufferPointer(rebasing: requests[..<count])
    }
    return times
  }
}
