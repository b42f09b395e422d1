import Testing
import XRayModel

@testable import XRayService

@Suite struct `The service` {
  @Test func `has 38 operations, each at a path of its own`() {
    let names = Set(XRayService.operations.values.map(\.name))
    #expect(names.count == 38)
    #expect(XRayService.paths.count == 38)
    #expect(XRayService.operationName(at: "/Traces") == "BatchGetTraces")
    #expect(XRayService.operationName(at: "/BatchGetTraces") == nil)
  }

  @Test func `answers an unknown path`() async throws {
    let test = try TestService()
    let response = await test.service.answer(path: "/Nothing", body: [])
    #expect(response.status == 404)
    #expect(response.errorType == "UnknownOperationException")
  }

  @Test(arguments: XRayService.paths.sorted())
  func `survives bodies that are none`(path: String) async throws {
    let test = try TestService()
    let deep = String(repeating: "[", count: 100_000)
    for body in ["[]", "1", "{", "{\"a\":", "\u{0}", deep, "{\"NextToken\": {\"a\": \(deep)", "{\"x\": 1e999}", "nul"] {
      let response = await test.service.answer(path: path, body: Array(body.utf8))
      #expect((200..<500).contains(response.status), "\(path) \(body.prefix(20)): \(response.status)")
      #expect(response.status == 200 || response.errorType != nil)
      _ = try JSONValue(parsing: response.body.span)
    }
    let invalid = await test.service.answer(path: path, body: [0x7B, 0x22, 0xFF, 0xFE, 0x22, 0x3A, 0x31, 0x7D])
    #expect(invalid.status == 400)
  }
}
