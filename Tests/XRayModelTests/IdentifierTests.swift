import Testing
import XRayModel

struct IdentifierTests {
  @Test func `a trace id reads as its epoch and 96 bits, and writes as it was`() throws {
    let id = try #require(TraceID("1-58406520-a006649127e371903a2de979"))
    #expect(id == TraceID(epoch: 0x5840_6520, high: 0xa006_6491, low: 0x27e3_7190_3a2d_e979))
    #expect(id.description == "1-58406520-a006649127e371903a2de979")
    #expect(id.w3c == "58406520a006649127e371903a2de979")
    #expect(TraceID(w3c: id.w3c) == id)
  }

  @Test func `upper case reads, and is written in lower case`() {
    #expect(TraceID("1-5840652F-A006649127E371903A2DE979")?.description == "1-5840652f-a006649127e371903a2de979")
    #expect(TraceID(w3c: "5840652FA006649127E371903A2DE979")?.w3c == "5840652fa006649127e371903a2de979")
    #expect(EntityID("53995C3F42CD8AD8")?.description == "53995c3f42cd8ad8")
  }

  @Test(arguments: [
    "", "1", "1-58406520-a006649127e371903a2de97", "1-58406520-a006649127e371903a2de9790",
    "2-58406520-a006649127e371903a2de979", "1_58406520-a006649127e371903a2de979",
    "1-58406520_a006649127e371903a2de979", "1-5840652g-a006649127e371903a2de979",
    "1-58406520-a006649127e371903a2de97/", "1-58406520-a006649127e371903a2de97:",
    "1-58406520-a006649127e371903a2de97@", "1-58406520-a006649127e371903a2de97`",
    "1-5840652-a006649127e371903a2de9790", "1-58406520-a00664-127e371903a2de979",
    "1-58406520-a006649127e371903a2de97é", " 1-58406520-a006649127e371903a2de979",
  ])
  func `what is not exactly a trace id does not read`(text: String) {
    #expect(TraceID(text) == nil)
  }

  @Test(arguments: [
    "", "53995c3f42cd8ad", "53995c3f42cd8ad80", "53995c3f42cd8adg", "53995c3f42cd8ad ", "+3995c3f42cd8ad8",
    "0x995c3f42cd8ad8", "53995c3f42cd8a\u{301}",
  ])
  func `what is not exactly 16 hexadecimal digits is no entity id`(text: String) {
    #expect(EntityID(text) == nil)
  }

  @Test(arguments: ["", "58406520a006649127e371903a2de97", "1-58406520-a006649127e371903a2de979", "zz"])
  func `what is not exactly 32 hexadecimal digits is no W3C id`(text: String) {
    #expect(TraceID(w3c: text) == nil)
  }

  @Test func `every byte but the 22 hexadecimal digits makes an id unreadable`() {
    for byte in UInt8.min...UInt8.max {
      var text = Array("53995c3f42cd8ad8".utf8)
      text[7] = byte
      #expect((EntityID(text.span) != nil) == Character(Unicode.Scalar(byte)).isHexDigit, "\(byte)")
    }
  }

  @Test func `ids order by what they are written as`() {
    let ids = [
      "1-00000001-ffffffffffffffffffffffff", "1-00000002-000000000000000000000000",
      "1-00000002-000000010000000000000000", "1-00000002-000000010000000000000001",
    ].compactMap { TraceID($0) }
    #expect(ids.count == 4 && ids.reversed().sorted() == ids)
    #expect(EntityID(rawValue: 1) < EntityID(rawValue: .max))
  }

  @Test func `the ids of what is not sampled are zeros`() {
    #expect(TraceID.notSampled.description == "1-00000000-000000000000000000000000")
    #expect(EntityID.notSampled.description == "0000000000000000")
  }
}
