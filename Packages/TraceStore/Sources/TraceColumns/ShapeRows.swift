/// Some rows of a segment, by shape.
struct ShapeRows {
  /// A shape that some of the rows have, and where these lie.
  struct Part {
    var shape: Int
    var rows: Range<Int>
  }

  private(set) var shapes: [Part] = []
  fileprivate var rows: [Row] = []

  /// A row, and which of its shape's rows it is.
  struct Row {
    var row: Int32
    var number: Int32
  }

  init(_ chosen: Bitmap, of segment: SummarySegment) {
    guard !chosen.isEmpty else { return }
    let graph = segment.graph
    var numbers = [Int32](repeating: 0, count: graph.shapes.count)
    var ends: [Int] = []
    ends.reserveCapacity(graph.shapes.count)
    var end = 0
    for shape in graph.shapes {
      ends.append(end)
      end += shape.rowCount
    }
    let starts = ends
    rows = [Row](repeating: Row(row: 0, number: 0), count: segment.count)
    rows.withUnsafeMutableBufferPointer { rows in
      graph.places.forEach { row, place in
        let shape = Int(place)
        if chosen[row] {
          rows[ends[shape]] = Row(row: Int32(truncatingIfNeeded: row), number: numbers[shape])
          ends[shape] &+= 1
        }
        numbers[shape] &+= 1
      }
    }
    for shape in starts.indices where ends[shape] > starts[shape] {
      shapes.append(Part(shape: shape, rows: starts[shape]..<ends[shape]))
    }
  }

  /// Calls `body` with the times of each shape's rows, which last no longer than the call.
  func forEachTimes(of segment: SummarySegment, _ body: (GraphColumns.Shape, ShapeFacts, ShapeTimes) -> Void) {
    let shapes = shapes.map { (shape: segment.graph.shapes[$0.shape], rows: $0.rows) }
    let most = shapes.map { $0.rows.count * (2 + 3 * $0.shape.visits.count + 2 * $0.shape.calls.count) }.max() ?? 0
    let mostVisits = shapes.map(\.shape.visits.count).max() ?? 0
    let mostCalls = shapes.map(\.shape.calls.count).max() ?? 0
    segment.withShapeFacts { facts in
      withUnsafeTemporaryAllocation(of: Int64.self, capacity: most) { numbers in
        withUnsafeTemporaryAllocation(of: ShapeTimes.Visit.self, capacity: mostVisits) { visits in
          withUnsafeTemporaryAllocation(of: ShapeTimes.Request.self, capacity: mostCalls) { calls in
            rows.withUnsafeBufferPointer { rows in
              for (shape, range) in shapes {
                var reader = ShapeTimesReader(
                  facts: facts, rows: UnsafeBufferPointer(rebasing: rows[range]), free: numbers)
                body(shape, facts, reader.read(shape, visits, calls))
              }
            }
          }
        }
      }
    }
  }
}

/// What graphs are counted from, without the arrays that hold it: those would be counted for every row.
struct ShapeFacts {
  let visits: UnsafeBufferPointer<GraphColumns.Visit>
  let calls: UnsafeBufferPointer<GraphColumns.Call>
  fileprivate let slots: UnsafeBufferPointer<NumberLayout>
  fileprivate let starts: UnsafeBufferPointer<Int64>
  fileprivate let durations: UnsafeBufferPointer<Int64>
  fileprivate let blob: UnsafeRawBufferPointer
}

extension SummarySegment {
  fileprivate func withShapeFacts(_ body: (ShapeFacts) -> Void) {
    graph.visits.withUnsafeBufferPointer { visits in
      graph.calls.withUnsafeBufferPointer { calls in
        graph.slots.withUnsafeBufferPointer { slots in
          starts.ticks.withUnsafeBufferPointer { starts in
            durations.values.withUnsafeBufferPointer { durations in
              graph.places.withBytes { blob in
                body(
                  ShapeFacts(
                    visits: visits, calls: calls, slots: slots, starts: starts, durations: durations, blob: blob))
              }
            }
          }
        }
      }
    }
  }
}

/// The times of rows of one shape.
struct ShapeTimes {
  struct Visit {
    /// The first start and the last end, in ticks since 1970.
    var start = Int64.max
    var end = Int64.min
    /// Milliseconds of each row, rounded as histograms do.
    var spans = UnsafeBufferPointer<Int64>(start: nil, count: 0)
    var request = Request()
  }

  struct Request {
    /// The sum.
    var ticks: Int64 = 0
    var milliseconds = UnsafeBufferPointer<Int64>(start: nil, count: 0)
  }

  var rowCount: Int
  var visits: UnsafeMutableBufferPointer<Visit>
  /// Of the calls that took a time of their own.
  var ownCalls: Slice<UnsafeMutableBufferPointer<Request>>
}

/// Unpacks the times of a shape's rows into memory that is given.
private struct ShapeTimesReader {
  typealias Bit = GraphColumns.Bit

  let facts: ShapeFacts
  let rows: UnsafeBufferPointer<ShapeRows.Row>
  /// What is left of the memory.
  var free: UnsafeMutableBufferPointer<Int64>

  mutating func read(
    _ shape: GraphColumns.Shape, _ visits: UnsafeMutableBufferPointer<ShapeTimes.Visit>,
    _ calls: UnsafeMutableBufferPointer<ShapeTimes.Request>
  ) -> ShapeTimes {
    var slot = shape.slots.lowerBound
    let starts = take()
    let spans = take()
    for (number, visit) in shape.visits.enumerated() {
      let visit = facts.visits[visit]
      var times = ShapeTimes.Visit()
      if visit.has(Bit.mirrors), number > 0 {
        times = visits[number - 1]
      } else {
        for place in rows.indices { starts[place] = facts.starts[Int(rows[place].row)] }
        if !visit.has(Bit.beginsTrace) { add(facts.slots[slot], to: starts, &slot) }
        if visit.has(Bit.spansTrace) {
          for place in rows.indices { spans[place] = facts.durations[Int(rows[place].row)] }
        } else {
          spans.update(repeating: 0)
          add(facts.slots[slot], to: spans, &slot)
        }
        for place in rows.indices {
          times.start = min(times.start, starts[place])
          times.end = max(times.end, starts[place] &+ spans[place])
        }
        times.spans = milliseconds(spans)
      }
      times.request.milliseconds = times.spans
      times.request.ticks = spans.reduce(0, &+)
      if visit.has(Bit.hasExcess) {
        let requests = take()
        for place in rows.indices { requests[place] = spans[place] }
        add(facts.slots[slot], to: requests, &slot)
        times.request = request(requests)
      }
      visits.initializeElement(at: number, to: times)
    }
    var ownCalls = 0
    for call in shape.calls {
      let call = facts.calls[call]
      guard call.visit == GraphColumns.ownTicks, call.outcome != GraphColumns.noRequest else { continue }
      let ticks = take()
      ticks.update(repeating: 0)
      add(facts.slots[slot], to: ticks, &slot)
      calls.initializeElement(at: ownCalls, to: request(ticks))
      ownCalls += 1
    }
    return ShapeTimes(rowCount: rows.count, visits: visits, ownCalls: calls[..<ownCalls])
  }

  /// Memory for a number of each row.
  private mutating func take() -> UnsafeMutableBufferPointer<Int64> {
    defer { free = UnsafeMutableBufferPointer(rebasing: free[rows.count...]) }
    return UnsafeMutableBufferPointer(rebasing: free[..<rows.count])
  }

  private func add(_ layout: NumberLayout, to values: UnsafeMutableBufferPointer<Int64>, _ slot: inout Int) {
    for place in rows.indices { values[place] &+= layout.value(Int(rows[place].number), in: facts.blob) }
    slot += 1
  }

  private mutating func request(_ ticks: UnsafeMutableBufferPointer<Int64>) -> ShapeTimes.Request {
    ShapeTimes.Request(ticks: ticks.reduce(0, &+), milliseconds: milliseconds(ticks))
  }

  private mutating func milliseconds(_ ticks: UnsafeMutableBufferPointer<Int64>) -> UnsafeBufferPointer<Int64> {
    let milliseconds = take()
    for place in ticks.indices { milliseconds[place] = Int64(HistogramSum.milliseconds(ticks[place])) }
    return UnsafeBufferPointer(milliseconds)
  }
}
