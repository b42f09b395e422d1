import Testing
import TraceColumns
import Traces
import XRayModel

@Suite struct `A summary segment` {
  @Test(arguments: 1...4) func `gives back the summaries that it was made of`(seed: Int) throws {
    let (segment, traces) = try sample(seed: UInt64(seed), 150)
    let expected = traces.map { TraceSummary(of: $0) }
    let read = try SummarySegment(decoding: segment.bytes, ids: segment.ids)
    #expect(try read.summaries() == expected)
    #expect(try read.summaries(at: [7, 3]) == [expected[7], expected[3]])
    #expect(read.id(at: 9) == expected[9].id && read.start(at: 9) == expected[9].start)
    // The samples do hold what is hard to keep.
    #expect(expected.contains { !$0.faultRootCauses.isEmpty } && expected.contains { !$0.errorRootCauses.isEmpty })
    #expect(expected.contains { !$0.responseTimeRootCauses.isEmpty } && expected.contains { $0.responseTime == nil })
    #expect(expected.contains { $0.annotations.count > 3 } && expected.contains { $0.users.count > 1 })
  }

  @Test func `keeps values that no trace has`() throws {
    var row = SegmentRow(of: RandomTraces(seed: 5).trace())
    var odd = row
    odd.summary.duration = .nan
    odd.summary.responseTime = -0.0
    odd.summary.http.status = .min
    odd.summary.start = Timestamp(ticks: .min)
    odd.summary.revision = .max
    odd.summary.annotations = odd.summary.annotations.reversed() + odd.summary.annotations
    odd.summary.id = TraceID(epoch: .max, high: .max, low: .max)
    row.summary.http.status = .max
    row.summary.start = Timestamp(ticks: .max)
    row.summary.responseTime = 1e-9
    let read = try SummarySegment([row, odd]).summaries()
    #expect(read[0] == row.summary)
    #expect(read[1].duration.isNaN && read[1].responseTime?.sign == .minus)
    odd.summary.duration = 0
    var second = read[1]
    second.duration = 0
    #expect(second == odd.summary)
  }

  @Test func `may be empty, and takes no more rows than its limit`() throws {
    let empty = try SummarySegment([])
    #expect(try SummarySegment(decoding: empty.bytes, ids: []).summaries().isEmpty)
    #expect(empty.zone.starts == nil)
    let row = SegmentRow(of: RandomTraces(seed: 6).trace())
    let error = #expect(throws: ColumnError.self) {
      try SummarySegment([SegmentRow](repeating: row, count: SummarySegment.rowLimit + 1))
    }
    #expect(error?.reason == .tooManyRows)
  }

  @Test func `knows its bounds`() throws {
    let (segment, traces) = try sample(seed: 7, 60)
    let summaries = traces.map { TraceSummary(of: $0) }
    #expect(segment.zone.starts?.lowerBound == summaries.map(\.start).min())
    #expect(segment.zone.starts?.upperBound == summaries.map(\.start).max())
    #expect(segment.zone.durations?.upperBound == summaries.map(\.duration).max())
    #expect(segment.zone.responseTimes?.lowerBound == summaries.compactMap(\.responseTime).min())
    #expect(segment.zone.statuses?.upperBound == summaries.compactMap(\.http.status).max().map(Double.init))
  }
}

@Suite struct `Damaged columns` {
  @Test func `are refused by their checksum`() throws {
    let (segment, _) = try sample(seed: 8, 20)
    let bytes = segment.bytes
    let random = RandomSource(seed: 9)
    for _ in 0..<300 {
      var damaged = bytes
      damaged[Int(random.next() % UInt64(bytes.count))] ^= UInt8(1 + random.next() % 255)
      #expect(throws: ColumnError.self) { try SummarySegment(decoding: damaged, ids: segment.ids) }
    }
    for length in stride(from: 0, to: bytes.count, by: 97) {
      #expect(throws: ColumnError.self) { try SummarySegment(decoding: Array(bytes[..<length]), ids: segment.ids) }
    }
    let minutes = GraphMinutes().encoded()
    #expect(throws: ColumnError(.notColumns, at: 0)) { try SummarySegment(decoding: minutes, ids: []) }
    #expect(throws: ColumnError(.unknownVersion, at: 4)) {
      try SummarySegment(decoding: Array(bytes[..<4]) + [9] + bytes[5...], ids: segment.ids)
    }
  }

  /// Whoever makes a wrong blob can also make its checksum right.
  @Test func `with a right checksum crash nothing`() throws {
    let (whole, _) = try sample(seed: 10, 12)
    let bytes = whole.bytes
    let random = RandomSource(seed: 11)
    let scan = SummaryScan(try filter(#"responsetime > 1 AND rootcause.fault.service { name = "web" } OR edge"#))
    var readable = 0
    for _ in 0..<800 {
      var damaged = bytes
      for _ in 0...random.next() % 3 {
        damaged[9 + Int(random.next() % UInt64(bytes.count - 9))] = UInt8(truncatingIfNeeded: random.next())
      }
      if random.next() % 8 == 0 { damaged.removeLast(Int(random.next() % 40)) }
      correctChecksum(of: &damaged)
      guard let segment = try? SummarySegment(decoding: damaged, ids: whole.ids) else { continue }
      readable += 1
      _ = try? segment.summaries()
      _ = try? scan.page(of: [segment], limit: 5)
      var counts = GraphCounts()
      counts.add(segment)
      _ = counts.graph()
    }
    #expect(readable > 0)
  }

  @Test func `of graphs crash nothing`() throws {
    var minutes = GraphMinutes()
    for trace in RandomTraces(seed: 12).traces(30) { minutes.add(trace) }
    let bytes = minutes.encoded()
    let random = RandomSource(seed: 13)
    for _ in 0..<300 {
      var damaged = bytes
      damaged[9 + Int(random.next() % UInt64(bytes.count - 9))] = UInt8(truncatingIfNeeded: random.next())
      correctChecksum(of: &damaged)
      _ = try? GraphMinutes(decoding: damaged).graph(in: nil)
    }
    #expect(throws: ColumnError.self) { try GraphMinutes(decoding: Array(bytes.dropLast())) }
  }

  private func correctChecksum(of bytes: inout [UInt8]) {
    var sum: UInt32 = .max
    for byte in bytes[9...] {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    for place in 0..<4 { bytes[5 + place] = UInt8(truncatingIfNeeded: ~sum >> UInt32(place * 8)) }
  }
}
