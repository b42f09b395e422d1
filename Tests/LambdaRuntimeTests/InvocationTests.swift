import Synchronization
import Testing
import XRayModel

@testable import LambdaRuntime

@Suite struct InvocationTests {
  @Test func `gives events to the handler and its answers to Lambda, in their order`() async throws {
    let stub = try await StubAPI.start((1...200).map { .event("r-\($0)", "event \($0)") })
    let posts = try await Rig().serve(stub, posts: 200) { event, _ in Array("done: ".utf8) + event }
    #expect(posts.map(\.text) == (1...200).map { "done: event \($0)" })
    #expect(posts.map(\.path) == (1...200).map { "/2018-06-01/runtime/invocation/r-\($0)/response" })
    #expect(posts.allSatisfy { $0.headers["Content-Type"] == ["application/json"] })
    #expect(stub.calls.first?.path == "/2018-06-01/runtime/invocation/next")
    #expect(stub.connections == 1)
  }

  @Test func `tells handlers all that Lambda says`() async throws {
    let stub = try await StubAPI.start([
      .event(
        "8476a536-e9f4-11e8-9739-2dfe598c3fcd", deadline: 1_795_252_062_500,
        headers: [
          "Lambda-Runtime-Trace-Id": Rig.header, "Lambda-Runtime-Client-Context": #"{"client":{}}"#,
          "Lambda-Runtime-Cognito-Identity": #"{"cognitoIdentityId":"a"}"#, "Lambda-Runtime-Aws-Tenant-Id": "blue",
          "Content-Type": "application/json",
        ])
    ])
    let seen = Mutex<LambdaContext?>(nil)
    try await Rig().serve(stub, posts: 1) { _, context in
      seen.withLock { $0 = context }
      return []
    }
    let context = try #require(seen.withLock { $0 })
    #expect(context.requestID == "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
    #expect(context.deadline == Timestamp(ticks: 17_952_520_625_000_000))
    #expect(context.remainingTime == .milliseconds(3500))
    #expect(context.invokedFunctionARN == "arn:aws:lambda:eu-central-1:000000000000:function:shop")
    #expect(context.traceHeader == Rig.header)
    #expect(context.clientContext == #"{"client":{}}"#)
    #expect(context.cognitoIdentity == #"{"cognitoIdentityId":"a"}"#)
    #expect(context.tenantID == "blue")
    #expect(context.contentType == "application/json")
    #expect(context.function.name == "shop" && context.function.version == "$LATEST" && context.function.memory == 512)
    #expect(context.function.logGroup == "/aws/lambda/shop" && context.function.region == "eu-central-1")
    #expect(context.function.logStream == "2026/11/21/[$LATEST]abc")
  }

  @Test func `reads and writes JSON and types of one's own`() async throws {
    let stub = try await StubAPI.start([.event("r-1", #"{"name":"you"}"#), .event("r-2", "not JSON")])
    let posts = try await Rig().serve(stub, posts: 2) { _ in
      .json { event, _ in ["greeting": .string("Hello, \(event["name"]?.string ?? "nobody")")] }
    }
    #expect(posts[0].text == #"{"greeting":"Hello, you"}"#)
    #expect(posts[1].kind == "error" && posts[1].json?["errorType"] == "Runtime.UnmarshalError")
    #expect(posts[1].headers["Lambda-Runtime-Function-Error-Type"] == ["Runtime.UnmarshalError"])

    let numbers = try await StubAPI.start([.event("r-1", "4"), .event("r-2", "5")])
    let answers = try await Rig().serve(numbers, posts: 2) { _ in
      FunctionHandler(
        decode: { Int(String(decoding: $0, as: UTF8.self)) ?? 0 },
        encode: { (square: Int) in
          if square == 25 { throw OrderError("25 is too much") }
          return Array("\(square)".utf8)
        }
      ) { number, _ in number * number }
    }
    #expect(answers[0].text == "16")
    #expect(answers[1].json?["errorType"] == "Runtime.MarshalError")
    #expect(answers[1].json?["errorMessage"] == "25 is too much")
  }

  @Test func `takes events and answers of 6 MB, and reports answers that are longer`() async throws {
    let stub = try await StubAPI.start([
      .event("r-1", String(repeating: "x", count: 6 << 20)), .event("r-2", "\(6_291_556)"), .event("r-3", "6291557"),
      .event("r-4", "2"),
    ])
    let posts = try await Rig().serve(stub, posts: 4) { event, _ in
      if event.count > 100 { return Array("\(event.count)".utf8) }
      return [UInt8](repeating: 0x30, count: Int(String(decoding: event, as: UTF8.self)) ?? 0)
    }
    #expect(posts.map(\.kind) == ["response", "response", "error", "response"])
    #expect(posts[0].text == "6291456" && posts[1].body.count == 6_291_556 && posts[3].text == "00")
    #expect(posts[2].json?["errorType"] == "Function.ResponseSizeTooLarge")
    #expect(posts[2].json?["errorMessage"] == "the answer has 6291557 bytes, and Lambda takes 6291556")
  }

  @Test func `takes the next connection when Lambda closes one between calls`() async throws {
    let stub = try await StubAPI.start((1...3).map { .event("r-\($0)") }) { _ in
      .answer(status: 202, headers: ["Connection": "close"])
    }
    let posts = try await Rig().serve(stub, posts: 3) { _, _ in [] }
    #expect(posts.map(\.requestID) == ["r-1", "r-2", "r-3"])
    #expect(stub.connections >= 3)
  }
}

@Suite struct CancellationTests {
  @Test func `ends the wait for an event`() async throws {
    let stub = try await StubAPI.start([])
    let runtime = Rig().runtime(stub) { _ in FunctionHandler { _, _ in [] } }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await runtime.serve() }
      try await eventually { stub.calls.count == 1 }
      group.cancelAll()
      try await group.waitForAll()
    }
    #expect(stub.posts.isEmpty)
  }

  @Test func `cancels the handler at work, and tells what it answers`() async throws {
    let stub = try await StubAPI.start([.event("r-1"), .event("r-2")])
    let isAtWork = Mutex(false)
    let runtime = Rig().runtime(stub) { _ in
      FunctionHandler { _, _ in
        isAtWork.withLock { $0 = true }
        do { try await Task.sleep(for: .seconds(3600)) } catch { return Array("cut short".utf8) }
        return []
      }
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await runtime.serve() }
      try await eventually { isAtWork.withLock { $0 } }
      group.cancelAll()
      try await group.waitForAll()
    }
    #expect(stub.posts.map(\.text) == ["cut short"])
    #expect(stub.calls.count == 2)
  }
}
