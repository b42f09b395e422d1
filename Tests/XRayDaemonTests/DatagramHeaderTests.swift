import Testing
import XRayDaemon
import XRayModel

/// A datagram and what must become of it: its document, or the reason for which it is refused.
struct DatagramCase: Sendable, CustomTestStringConvertible {
  var name: String
  var datagram: [UInt8]
  var expected: Result<[UInt8], DatagramRejection>

  init(_ name: String, _ datagram: String, _ document: String) {
    self.init(name, Array(datagram.utf8), .success(Array(document.utf8)))
  }
  init(_ name: String, _ datagram: String, _ rejection: DatagramRejection) {
    self.init(name, Array(datagram.utf8), .failure(rejection))
  }
  init(_ name: String, _ datagram: [UInt8], _ expected: Result<[UInt8], DatagramRejection>) {
    self.name = name
    self.datagram = datagram
    self.expected = expected
  }
  var testDescription: String { name }

  static let header = "{\"format\":\"json\",\"version\":1}"
  static let largest = [UInt8](repeating: 0x61, count: 65_507 - header.utf8.count - 1)

  static let all: [DatagramCase] = [
    .init("the usual header", "\(header)\n{\"id\":1}", "{\"id\":1}"),
    .init("the usual header with blanks", "{\"format\": \"json\", \"version\": 1}\n{}", "{}"),
    .init("members in another order", "{\"version\":1,\"format\":\"json\"}\n{}", "{}"),
    .init("a format in capitals", "{\"format\":\"JSON\",\"version\":1}\n{}", "{}"),
    .init("further members", "{\"format\":\"json\",\"version\":1,\"more\":[{}]}\n{}", "{}"),
    .init("trailing blanks", "\(header)  \n{}", "{}"),
    .init("a carriage return", "\(header)\r\n{}", "{}"),
    .init("a body that is not JSON", "\(header)\nplain", "plain"),
    .init("two documents in one body", "\(header)\n{}\n{}\n", "{}\n{}\n"),
    .init("a line feed as the body", "\(header)\n\n", "\n"),
    .init("OTLP spans in base64", "\(header)\nT1SCgYK", "T1SCgYK"),
    .init("invalid UTF-8", Array("\(header)\n".utf8) + [0xFF, 0xC0, 0x00], .success([0xFF, 0xC0, 0x00])),
    .init("the largest datagram", Array("\(header)\n".utf8) + largest, .success(largest)),
    .init("an empty datagram", "", .empty),
    .init("no line feed", "\(header)", .noLineFeed),
    .init("no header and no line feed", "{\"id\":1}", .noLineFeed),
    .init("an empty body", "\(header)\n", .noDocument),
    .init("an empty body after an unusual header", "\(header) \n", .noDocument),
    .init("a leading line feed", "\n\(header)\n{}", .badHeader),
    .init("a header that is not JSON", "nonJson\nBody", .badHeader),
    .init("a header that is an array", "[\"json\",1]\n{}", .badHeader),
    .init("a header with something after it", "\(header)x\n{}", .badHeader),
    .init("a header over 1 KB", "\(header)\(String(repeating: " ", count: 1024))\n{}", .badHeader),
    .init("a header that opens 900 arrays", String(repeating: "[", count: 900) + "\n{}", .badHeader),
    .init("version 2", "{\"format\":\"json\",\"version\":2}\n{}", .unknownVersion),
    .init("version 20 and no body", "{\"format\":\"json\", \"version\":20}\n", .unknownVersion),
    .init("a version in quotes", "{\"format\":\"json\",\"version\":\"1\"}\n{}", .unknownVersion),
    .init("no version", "{\"format\":\"json\"}\n{}", .unknownVersion),
    .init("another format", "{\"format\":\"xml\",\"version\":1}\n{}", .unknownFormat),
    .init("a format that is no text", "{\"format\":1,\"version\":1}\n{}", .unknownFormat),
  ]
}

@Suite struct `A datagram's header` {
  @Test(arguments: DatagramCase.all)
  func `leads to the document or is refused with its reason`(_ example: DatagramCase) {
    #expect(document(of: example.datagram) == example.expected)
  }

  @Test func `may be mutated in any way without a crash`() {
    let random = RandomSource(seed: 20)
    let seeds = DatagramCase.all.map(\.datagram).filter { $0.count < 2000 }
    var accepted = 0
    for _ in 0..<40_000 {
      let datagram = mutated(seeds[Int(random.next() % UInt64(seeds.count))], random)
      if case .success(let document) = document(of: datagram) {
        accepted += 1
        #expect(!document.isEmpty && document.count < datagram.count)
      }
    }
    #expect(accepted > 1000)
  }

  private func document(of datagram: [UInt8]) -> Result<[UInt8], DatagramRejection> {
    let offset = Result { () throws(DatagramRejection) in try DatagramHeader.documentOffset(in: datagram.span) }
    return offset.map { Array(datagram[$0...]) }
  }
}

/// Changes, removes or inserts a few bytes, mostly near the beginning, or replaces everything by noise.
func mutated(_ datagram: [UInt8], _ random: RandomSource) -> [UInt8] {
  if random.next() % 16 == 0 { return (0..<Int(random.next() % 200)).map { _ in UInt8(random.next() & 0xFF) } }
  var bytes = datagram
  let marks = Array("{}[]\":,\n\r 1j\\".utf8)
  for _ in 0..<Int(random.next() % 4) where !bytes.isEmpty {
    let position = Int(random.next() % UInt64(min(bytes.count, 48)))
    let byte = random.next() % 2 == 0 ? marks[Int(random.next() % UInt64(marks.count))] : UInt8(random.next() & 0xFF)
    switch random.next() % 3 {
    case 0: bytes[position] = byte
    case 1: bytes.insert(byte, at: position)
    default: bytes.remove(at: position)
    }
  }
  return bytes
}
