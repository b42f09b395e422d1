import Testing
import XRayModel
import XRaySDK

@Suite struct ErrorTests {
  private func exceptions(_ entity: Entity?) -> [CapturedException] {
    guard case .exceptions(let detail)? = entity?.cause else { return [] }
    return detail.exceptions
  }

  @Test func `an error on its way up is recorded once, and the outer subsegments refer to it`() throws {
    let rig = Rig.lambda()
    let header = "Root=\(PropagationTests.root);Parent=373acd075dce4fd0;Sampled=1"
    #expect(throws: OrderError("one through three")) {
      try rig.recorder.withInvocation(header: header) {
        try rig.recorder.withSubsegment("a") { _ in
          try rig.recorder.withSubsegment("b") { _ in
            try rig.recorder.withSubsegment("c") { _ in throw OrderError("one through three") }
          }
        }
      }
    }
    let sent = rig.sent()
    #expect(sent.map(\.name) == ["c", "b", "a"])
    #expect(sent.map(\.isFault) == [true, true, true])
    let exception = try #require(exceptions(sent[0]).first)
    #expect(exception.type == "OrderError" && exception.message == "one through three")
    #expect(exception.stack.count == 1 && exception.stack[0].path?.hasSuffix("ErrorTests.swift") == true)
    let id = try #require(exception.id)
    #expect(EntityID(id) != nil)
    #expect(sent[1].cause == .reference(id) && sent[2].cause == .reference(id))
  }

  @Test func `works the same in asynchronous code, for the segment too`() async throws {
    let rig = Rig()
    await #expect(throws: OrderError.self) {
      try await rig.recorder.withSegment("shop") { _ in
        try await rig.recorder.withSubsegment("pay") { _ in
          await Task.yield()
          throw OrderError("declined")
        }
      }
    }
    let segment = try rig.only()
    let id = try #require(exceptions(segment["pay"]).first?.id)
    #expect(segment.isFault && segment.cause == .reference(id))
  }

  @Test func `another error that replaces the first has a cause of its own`() throws {
    let rig = Rig()
    _ = try? rig.recorder.withSegment("shop") { _ in
      do {
        try rig.recorder.withSubsegment("inner") { _ in throw OrderError("first") }
      } catch {
        throw OrderError("second")
      }
    }
    let segment = try rig.only()
    #expect(exceptions(segment).map(\.message) == ["second"])
    #expect(exceptions(segment["inner"]).map(\.message) == ["first"])
  }

  @Test func `an error that was handled leaves the outer entities without fault`() throws {
    let rig = Rig()
    rig.recorder.withSegment("shop") { segment in
      try? rig.recorder.withSubsegment("inner") { _ in throw OrderError("handled") }
    }
    let segment = try rig.only()
    #expect(!segment.isFault && segment.cause == nil && segment["inner"]?.isFault == true)
  }

  @Test func `captures by hand, several times, with frames of the caller's choice`() throws {
    let rig = Rig()
    rig.recorder.withSegment("shop") { segment in
      segment.capture(OrderError("one"))
      segment.capture(OrderError("two"), stack: [StackFrame(path: "db.c", line: 7, label: "query")], isRemote: true)
    }
    let found = exceptions(try rig.only())
    #expect(found.map(\.message) == ["one", "two"])
    #expect(found[0].stack.first?.label?.contains("captures by hand") == true && found[0].isRemote == nil)
    #expect(found[1].stack == [StackFrame(path: "db.c", line: 7, label: "query")] && found[1].isRemote == true)
  }

  struct Wrapped: CausedError, CustomStringConvertible {
    var description: String
    var cause: (any Error)?
  }

  @Test func `follows an error's causes`() throws {
    let rig = Rig()
    rig.recorder.withSegment("shop") { segment in
      segment.capture(
        Wrapped(description: "outer", cause: Wrapped(description: "middle", cause: OrderError("inner"))))
    }
    let found = exceptions(try rig.only())
    #expect(found.map(\.message) == ["outer", "middle", "inner"])
    #expect(found[0].cause == found[1].id && found[1].cause == found[2].id && found[2].cause == nil)
  }

  @Test func `stops at an error that is its own cause`() throws {
    struct Loop: CausedError { var cause: (any Error)? { Loop() } }
    let rig = Rig()
    rig.recorder.withSegment("shop") { $0.capture(Loop()) }
    #expect(exceptions(try rig.only()).count == 11)
  }
}
