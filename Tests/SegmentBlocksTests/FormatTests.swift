import Testing
import XRayModel

@testable import SegmentBlocks

@Suite struct `Version 1 of the format` {
  /// Written once, and never to be changed: stores are full of blocks like it.
  static let block = """
    465853420100000001000000010000006100000082b51dd20600000055a58b3407000000c4040000cd0000002cb25c49f1dc1dfe0b5f
    0200e2e2e5e062e317e366656602d02c2f290083301040af22b3f6045e4642cd428a0d4d225d8877af42bb9a0fbc01573a38d7820444
    fc7951e3d5440babad6d4eead9eb7e23e831a401e5bbb3f987e752e25bb9c8194233cc570c0c800100010220fdb6c074254b62506514
    10601564161216e16116651713e7929064000ab1e11452c6141210e5c0d4882cc482220458b5524162516a1ec4590a4ae60629a9a649
    666986966969968906064a3a0a4af91900000000581cf7915003324893f1b8c81d16f4bcb86f2db78cffcd00487ab02199c18dcc479e
    85d3cc6cce5fc6420386f2db78cffcd00c236b02199c18dcc479e85d3cc6cce5fc64520e1bcb6de33ff340526cac086670637311e7a1
    74f31b3397f19270386f2db78cffcd01c00ac4c1c3796dbc67fe681289b4301a9c0c8e80
    """
  static let documents = #"""
    {"trace_id":"1-581cf771-a006649127e371903a2de979","id":"70de5b6f19ff9a00","name":"orders","start_time":1478293361.271,"aws":{"request_id":"ac086670-6373-11e7-a174-f31b3397f190"},"note":"took 0 ms"}
    {"trace_id":"1-581cf771-a006649127e371903a2de979","id":"70de5b6f19ff9a01","name":"orders","start_time":1478293361.2,"aws":{"request_id":"ac086670-6373-11e7-a174-f31b3397f191"},"note":"took 40 ms"}
    {"trace_id":"1-581cf771-a006649127e371903a2de979","id":"70de5b6f19ff9a02","name":"orders","start_time":1.47829336151E9,"aws":{"request_id":"ac086670-6373-11e7-a174-f31b3397f192"},"note":"took 80 ms"}
    {"trace_id":"1-581cf771-a006649127e371903a2de979","id":"70de5b6f19ff9a03","name":"orders","start_time":1478293362,"aws":{"request_id":"ac086670-6373-11e7-a174-f31b3397f190"},"note":"took 120 ms"}
    {"trace_id":"1-581cf771-a006649127e371903a2de979","id":"70de5b6f19ff9a04","name":"orders","start_time":1478293361.449,"aws":{"request_id":"ac086670-6373-11e7-a174-f31b3397f191"},"note":"took 160 ms"}
    {"trace_id":"1-581cf771-a006649127e371903a2de979","id":"70de5b6f19ff9a00","name":"orders","start_time":1478293361.0,"aws":{"request_id":"ac086670-6373-11e7-a174-f31b3397f192"},"note":"took 200 ms"}
    {"parent_id": "70de5b6f19ff9a00", "oh
    """#

  @Test func `is read for good`() throws {
    let digits = Self.block.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue.map(UInt8.init) }
    let bytes = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    let reader = try BlockReader(bytes)
    try reader.check()
    let documents = try reader.documentsByArrival()
    #expect(
      (0..<documents.count).map { String(decoding: documents[$0], as: UTF8.self) }
        == Self.documents.split(separator: "\n").map(String.init))
    #expect(reader.rawCount == 1)
  }
}
