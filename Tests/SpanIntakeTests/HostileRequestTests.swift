import Testing
import XRayModel

@testable import SpanIntake

@Suite struct `Hostile bytes` {
  /// Changes, cuts, repeats and removes bytes of `seed`.
  private func mutated(_ seed: [UInt8], _ random: inout SeededNumbers) -> [UInt8] {
    var bytes = seed
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      guard !bytes.isEmpty else { break }
      let place = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...8, using: &random)))
      case 3: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 16)], at: place)
      case 4: bytes.insert(contentsOf: Array("99999999999999999999".utf8), at: place)
      default: bytes = Array(bytes.prefix(place))
      }
    }
    return bytes
  }

  /// Whatever is read makes documents that X-Ray accepts.
  private func check(_ conversion: SpanConversion) throws {
    for index in 0..<conversion.documents.count {
      _ = try SegmentIndex(scanning: Array(conversion.documents[index]).span)
    }
    var writer = JSONWriter()
    conversion.report.write(to: &writer)
    _ = try JSONValue(parsing: writer.text)
  }

  @Test func `of protobuf are refused or read, never a trap`() throws {
    var random = SeededNumbers(seed: 7)
    var readable = 0
    for _ in 0..<4_000 {
      let bytes = mutated(`An OTLP request`.protobuf, &random)
      guard let request = try? OTLPRequest(protobuf: bytes) else { continue }
      readable += 1
      try check(SpanConversion(request))
    }
    #expect(readable > 100)
  }

  @Test func `of JSON are refused or read, never a trap`() throws {
    var random = SeededNumbers(seed: 8)
    var readable = 0
    for _ in 0..<2_000 {
      let bytes = mutated(Array(`An OTLP request`.json.utf8), &random)
      guard let request = try? OTLPRequest(json: bytes) else { continue }
      readable += 1
      try check(SpanConversion(request))
    }
    #expect(readable > 100)
  }

  @Test func `of Zipkin are refused or read, never a trap`() throws {
    let seed = """
      [{"traceId":"5fe5e0c1a006649127e371903a2de979","id":"0000000000000001","kind":"SERVER","shared":true,"name":"get",
      "timestamp":1609000000123456,"duration":100000,"localEndpoint":{"serviceName":"shop","ipv4":"10.0.0.1","port":80},
      "remoteEndpoint":{"ipv4":"1.2.3.4","port":5},"tags":{"http.method":"GET","http.path":"/carts","error":"no"},
      "annotations":[{"timestamp":1609000000123999,"value":"miss"}]}]
      """
    var random = SeededNumbers(seed: 9)
    var readable = 0
    for _ in 0..<2_000 {
      guard let request = try? ZipkinRequest(json: mutated(Array(seed.utf8), &random)) else { continue }
      readable += 1
      try check(SpanConversion(request))
    }
    #expect(readable > 100)
  }
}

/// Numbers that are the same in every run.
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    var value = state
    value ^= value >> 33
    value = value &* 0xFF51_AFD7_ED55_8CCD
    return value ^ value >> 29
  }
}
