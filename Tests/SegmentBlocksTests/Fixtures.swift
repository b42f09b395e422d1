import Testing
import XRayModel

@testable import SegmentBlocks

/// Makes documents as SDKs, agents and hand-written code send them, and some that nobody should.
struct DocumentMaker {
  let random: RandomSource
  private var traces: [TraceID] = []
  private var ids: [EntityID] = []
  private let start = Timestamp(seconds: Int64(1_700_000_000))

  init(seed: UInt64) { random = RandomSource(seed: seed) }

  func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

  func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// The next document; every `damage`th has some of its bytes changed.
  mutating func document(damage: Int = 40) -> [UInt8] {
    var bytes = Array(text().utf8)
    guard below(damage) == 0, !bytes.isEmpty else { return bytes }
    for _ in 0...below(4) {
      let place = below(bytes.count)
      switch below(4) {
      case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
      case 1: bytes[place] = pick(Array("\"\\{}[],:0 \u{0}".utf8))
      case 2: bytes.removeSubrange(place...min(place + below(20), bytes.count - 1))
      default: bytes.insert(contentsOf: bytes[place..<min(place + below(40), bytes.count)], at: place)
      }
      if bytes.isEmpty { break }
    }
    return bytes
  }

  private mutating func text() -> String {
    let colon = pick([":", ":", ": ", " : "])
    let comma = colon == ":" ? "," : pick([", ", ",\n  "])
    func join(_ members: [String]) -> String { "{" + members.joined(separator: comma) + "}" }
    func member(_ key: String, _ value: String) -> String { "\"\(key)\"\(colon)\(value)" }

    var members = [
      member("trace_id", "\"\(trace())\""), member("id", "\"\(id())\""), member("name", pick(Self.names)),
      member("start_time", time()), member("end_time", time()),
    ]
    if below(2) == 0 { members.append(member("parent_id", "\"\(id())\"")) }
    if below(3) == 0 {
      members.append(member("annotations", join([member("order", value()), member("key\(below(60))", value())])))
    }
    if below(3) == 0 {
      let lines = (0..<below(4)).map { _ in line() }
      members.append(member("metadata", join([member("lines", "[\(lines.joined(separator: comma))]")])))
    }
    if below(2) == 0 {
      let subsegments = (0..<below(4)).map { _ in
        join([
          member("id", "\"\(id())\""), member("name", pick(Self.names)), member("start_time", time()),
          member("end_time", time()), member("aws", join([member("request_id", value())])),
        ])
      }
      members.append(member("subsegments", "[\(subsegments.joined(separator: comma))]"))
    }
    return pick(["", "", "", " "]) + join(members) + pick(["", "", "", "\n"])
  }

  private mutating func trace() -> String {
    if traces.isEmpty || below(4) == 0 {
      traces.append(random.traceID(at: start.advanced(by: .seconds(below(1000)))))
    }
    let trace = traces[max(0, traces.count - 1 - below(3))].description
    return below(50) == 0 ? trace.uppercased() : trace
  }

  private mutating func id() -> String {
    if ids.isEmpty || below(3) > 0 { ids.append(random.entityID()) }
    let id = ids[max(0, ids.count - 1 - below(6))].description
    return below(80) == 0 ? pick([id.uppercased(), id + "0", String(id.dropLast()), "0000000000000000"]) : id
  }

  private func time() -> String {
    let seconds = 1_700_000_000 + below(1000)
    func digits(_ count: Int) -> String { (0..<count).map { _ in String(below(10)) }.joined() }
    return switch below(16) {
    case 0: "\(seconds)"
    case 1: "\(seconds).0"
    case 2: "\(seconds).\(digits(3))"
    case 3: "1.\(digits(12))E9"
    case 4: "4.\(digits(pick([1, 9, 10, 18, 19])))E\(pick(["9", "8", "10", "+9", "-9"]))"
    case 5: "\(pick(["-", "0", "00", "1", ""]))\(seconds).\(digits(6))"
    case 6: "\(digits(pick([1, 8, 9, 10, 11, 25]))).\(digits(pick([1, 6, 9, 10, 25])))"
    case 7:
      pick(["4294967295.999999999", "4294967296.0", "100000000", "99999999.5", "null", "1e999", "-", "1.", "0e0"])
    default: "\(seconds).\(String(digits(6).reversed().drop { $0 == "0" }.reversed()))1"
    }
  }

  private func value() -> String {
    switch below(12) {
    case 0: "\"\(random.requestID())\""
    case 1: "\"\((0..<52).map { _ in pick(Self.base32) }.joined())\""
    case 2: "\"\(random.entityID())\(random.entityID())\""
    case 3: "\(Int64(truncatingIfNeeded: random.next()))"
    case 4: "\(below(300))"
    case 5: pick(["true", "false", "null", "\"\"", "{}", "[]", "[1,2, 3]", "[[],[{}]]", "-0", "0.50", "1E+3"])
    case 6: "\"\(pick(["00", "007", "000000000000000000", "0000000000000000000", "18446744073709551616"]))\""
    case 7: "\"\\u00e9\\\"\(below(9))\\\\\\n\""
    case 8: "\"größe \(below(1000)) 日本\""
    case 9: "\"i-0cd9e4489440\(below(90))b4a\""
    default: "\"customer \(below(20))\""
    }
  }

  private func line() -> String {
    switch below(4) {
    case 0: "\"INFO OrderController#\(below(900)) [check][id: \(random.requestID())]\""
    case 1: "\"took \(below(5000)) ms of \(below(10)), 00\(below(10)) at 2023-0\(below(9))-\(below(30))\""
    case 2: "\"/v1/orders/\(random.next())/items/\(below(40))\""
    default: pick(Self.names)
    }
  }

  private static let names = ["\"web\"", "\"orders\"", "\"DynamoDB\"", "\"## Model.save\"", "\"\"", "\"naïve\""]
  private static let base32 = Array("0123456789ABCDEFGHIJKLMNOPQRSTUV").map(String.init)

  /// The numbers below `count` in any order.
  func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for index in order.indices.reversed() { order.swapAt(index, below(index + 1)) }
    return order
  }
}

/// Encodes, reads back in every way, and compares.
@discardableResult
func expectRoundTrip(
  _ documents: DocumentBatch, order: [Int]? = nil, sourceLocation: SourceLocation = #_sourceLocation
) throws -> EncodedBlock {
  // Not by `encode`, which would keep as they are the documents that came back changed.
  let block = BlockWriter.write(documents, order ?? Array(0..<documents.count), hasOrder: order != nil)
  let reader = try BlockReader(block.bytes)
  #expect(reader.count == documents.count, sourceLocation: sourceLocation)
  let copies = try reader.documents()
  let places = order ?? Array(0..<documents.count)
  var expected = DocumentBatch()
  for document in places { expected.append(documents[document]) }
  if copies.bytes != expected.bytes || copies.ends != expected.ends {
    let place = places.indices.first { copies[$0] != expected[$0] } ?? 0
    Issue.record(
      """
      changed: \(String(decoding: expected[place], as: UTF8.self))
           to: \(String(decoding: copies[place], as: UTF8.self))
      """, sourceLocation: sourceLocation)
  }
  #expect(try reader.arrival() == places, sourceLocation: sourceLocation)
  if documents.count < 300 {
    let sent = try reader.documentsByArrival()
    #expect(sent.bytes == documents.bytes && sent.ends == documents.ends, sourceLocation: sourceLocation)
  }
  #expect(block.statistics.documents == documents.count, sourceLocation: sourceLocation)
  #expect(block.statistics.rawDocuments == reader.rawCount, sourceLocation: sourceLocation)
  return block
}

func batch(_ texts: [String]) -> DocumentBatch { DocumentBatch(texts.map { Array($0.utf8) }) }
