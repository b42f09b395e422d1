import LambdaEmitter
import Testing
import XRayModel

@Suite struct `A function that fails` {
  @Test func `with an error faults both segments and keeps the cause on its Invocation`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function { _, _ in
        throw FunctionError(
          type: "OrderError", message: "no items",
          stack: [StackFrame(path: "Sources/App.swift", line: 7, label: "handle")])
      }
      let result = try await fixture.service.invoke("worker")
      #expect(result.statusCode == 200)
      #expect(result.functionError == "Unhandled")
      #expect(
        String(decoding: result.payload, as: UTF8.self)
          == #"{"errorMessage":"no items","errorType":"OrderError","stackTrace":["handle (Sources/App.swift:7)"]}"#)
    }
    let service = try #require(recorder.services.first)
    let function = try #require(recorder.functions.first)
    let invocation = try #require(function.part("Invocation"))
    #expect(service.http?.response?.status == 200)
    #expect((service.isError, service.isFault, service.isThrottle) == (false, true, false))
    #expect((function.isError, function.isFault, function.cause) == (false, true, nil))
    #expect((invocation.isError, invocation.isFault) == (true, false))
    guard case .exceptions(let detail) = invocation.cause else {
      Issue.record("the Invocation has no cause")
      return
    }
    let exception = try #require(detail.exceptions.first)
    #expect((exception.type, exception.message) == ("OrderError", "no items"))
    #expect(exception.stack == [StackFrame(path: "Sources/App.swift", line: 7, label: "handle")])
    #expect(function.partNames == ["Initialization", "Invocation", "Overhead"])
    #expect(function.part("Overhead")?.isFault == false)
  }

  @Test func `with any other error is reported by its type, and the environment lives on`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function { _, _ in throw Broken() }
      for _ in 0..<2 {
        let payload = try await fixture.service.invoke("worker").payload
        #expect(String(decoding: payload, as: UTF8.self).contains(#""errorType":"Broken""#))
      }
    }
    #expect(recorder.functions.map { $0.part("Initialization") != nil } == [true, false])
  }

  @Test func `by running out of time has no Overhead, ends at its timeout and starts anew`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function(milliseconds: 5000) {
        $0.timeoutSeconds = 2
      } handler: { event, _ in
        event.bytes
      }
      for _ in 0..<2 {
        let result = try await fixture.service.invoke("worker")
        #expect(result.functionError == "Unhandled")
        let text = String(decoding: result.payload, as: UTF8.self)
        #expect(text.hasSuffix(#" \#(result.requestID) Task timed out after 2.00 seconds"}"#))
      }
    }
    for function in recorder.functions {
      #expect(function.partNames == ["Initialization", "Invocation"])
      #expect(function.end == function.start.advanced(by: .seconds(2)))
      #expect(function.part("Invocation")?.end == function.end)
      #expect(function.part("Invocation")?.isFault == true)
      #expect(function.part("Invocation")?.exception == "Sandbox.Timeout: Task timed out after 2.00 seconds")
      #expect(function.isFault)
    }
    #expect(recorder.services.allSatisfy { $0.isFault && $0.http?.response?.status == 200 })
  }

  @Test func `by running out of time loses what it sends while it unwinds`() async throws {
    let recorder = try await Fixture.run { fixture in
      var configuration = FunctionConfiguration(name: "worker", role: roleARN)
      configuration.tracingMode = .active
      try fixture.service.createFunction(configuration) { event, context in
        defer { context.emitter.emit(Array("{}".utf8)) }
        context.emitter.emit(Array(#"{"early":1}"#.utf8))
        try await context.clock.sleep(for: .seconds(60))
        return event.bytes
      }
      _ = try await fixture.service.invoke("worker")
      let ledger = fixture.service.ledger
      #expect(ledger.isBalanced)
      #expect(ledger.dropped == ["environment ended": 1])
    }
    #expect(recorder.documents.contains(Array(#"{"early":1}"#.utf8)))
    #expect(recorder.documents.count == 3)
    #expect(recorder.functions.first?.metadata["fluoro"]?["documents_lost"] == 1)
  }

  @Test func `by exiting is reported as Runtime.ExitError, and the next invocation initializes again`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function { _, context in throw context.exit(status: 1) }
      for _ in 0..<2 {
        let result = try await fixture.service.invoke("worker")
        #expect(
          String(decoding: result.payload, as: UTF8.self)
            == #"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: \#(result.requestID) "#
            + #"Error: Runtime exited with error: exit status 1"}"#)
      }
    }
    #expect(recorder.functions.map(\.partNames) == Array(repeating: ["Initialization", "Invocation"], count: 2))
    #expect(recorder.functions.allSatisfy { $0.isFault && $0.part("Invocation")?.isFault == true })
    #expect(
      recorder.functions.first?.part("Invocation")?.exception
        == "Runtime.ExitError: Runtime exited with error: exit status 1")
  }

  @Test func `while it initializes has no Invocation, and its Initialization the cause`() async throws {
    let recorder = try await Fixture.run { fixture in
      var configuration = FunctionConfiguration(name: "worker", role: roleARN)
      configuration.tracingMode = .active
      try fixture.service.createFunction(configuration, initialize: { _ in throw Broken() }) { event, _ in event.bytes }
      for _ in 0..<2 {
        let result = try await fixture.service.invoke("worker")
        #expect(result.functionError == "Unhandled")
      }
    }
    #expect(recorder.functions.count == 2)
    for (service, function) in zip(recorder.services, recorder.functions) {
      #expect(function.partNames == ["Initialization"])
      #expect(function.isFault && service.isFault)
      let initialization = try #require(function.part("Initialization"))
      #expect(initialization.isError)
      #expect(initialization.cause != nil)
      #expect(initialization.end ?? function.start < function.start)
    }
  }

  @Test func `to initialize within 10 seconds gets another chance within its own timeout`() async throws {
    let tries = Notes<Duration>()
    let recorder = try await Fixture.run { fixture in
      for (name, second) in [("slow", Duration.seconds(2)), ("stuck", .seconds(60))] {
        let own = Notes<Int>()
        var configuration = FunctionConfiguration(name: name, role: roleARN)
        configuration.tracingMode = .active
        try fixture.service.createFunction(
          configuration,
          initialize: { context in
            own.add(1)
            tries.add(context.clock.now.duration(to: context.deadline))
            try await context.clock.sleep(for: own.all.count == 1 ? .seconds(60) : second)
          }
        ) { event, _ in event.bytes }
      }
      #expect(try await fixture.service.invoke("slow").functionError == nil)
      #expect(try await fixture.service.invoke("stuck").functionError == "Unhandled")
    }
    #expect(tries.all.count == 4)
    #expect(tries.all[0] > .seconds(9) && tries.all[0] < .seconds(10))
    #expect(tries.all[1] > .seconds(2) && tries.all[1] < .seconds(3))
    let slow = try #require(recorder.functions.first)
    #expect(slow.partNames == ["Initialization", "Invocation", "Overhead"])
    #expect(slow.part("Initialization")?.start ?? slow.start >= slow.start)
    #expect(!slow.isFault)
    let stuck = try #require(recorder.functions.last)
    #expect(stuck.partNames == ["Initialization"])
    #expect(stuck.isFault)
    #expect(stuck.end == stuck.start.advanced(by: .seconds(3)))
  }

  @Test func `by answering more than 6 MB is told so`() async throws {
    try await Fixture.run { fixture in
      try fixture.function { _, _ in [UInt8](repeating: 0x20, count: 6_291_557) }
      let result = try await fixture.service.invoke("worker")
      #expect(String(decoding: result.payload, as: UTF8.self).contains("Function.ResponseSizeTooLarge"))
    }
  }

  @Test(arguments: [("x", 2000), ("\u{1}", 3000), ("é\"\\", 6000)])
  func `with an enormous cause still sends a valid segment`(text: String, count: Int) async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function { _, _ in
        var cause = CauseDetail(workingDirectory: String(repeating: text, count: count))
        cause.message = String(repeating: text, count: count)
        for _ in 0..<40 {
          cause.exceptions.append(CapturedException(id: nil, message: String(repeating: text, count: count), type: "T"))
          cause.paths.append(String(repeating: text, count: 100))
        }
        throw FunctionError(type: "T", message: "m", cause: cause)
      }
      _ = try await fixture.service.invoke("worker")
    }
    #expect(recorder.functions.first?.part("Invocation")?.cause != nil)
    #expect(recorder.documents.count == 2)
    for document in recorder.documents { _ = try SegmentIndex(scanning: document.span) }
  }

  @Test func `because its process cannot be started is a failure of the service`() async throws {
    struct Unstartable: FunctionRuntime {
      func initialize(_ context: InitializationContext) async throws { throw RuntimeFailure("no such program") }
      func invoke(_ event: InvocationEvent, _ context: InvocationContext) async throws -> [UInt8] { [] }
    }
    let recorder = try await Fixture.run { fixture in
      var configuration = FunctionConfiguration(name: "worker", role: roleARN)
      configuration.tracingMode = .active
      try fixture.service.createFunction(configuration) { Unstartable() }
      let error = await refusal { _ = try await fixture.service.invoke("worker") }
      #expect(error?.code == .service)
      #expect(error?.message == "no such program")
    }
    #expect(recorder.functions.isEmpty)
    #expect(recorder.services.map(\.isFault) == [true])
    #expect(recorder.services.first?.http?.response?.status == 500)
  }

  @Test func `because another function throttled it is no failure of the service`() async throws {
    try await Fixture.run { fixture in
      let service = fixture.service
      try fixture.function("callee")
      try service.reserveConcurrency(0, for: "callee")
      try fixture.function("caller") { event, context in
        try await service.invoke("callee", traceHeader: context.traceHeader).payload
      }
      let result = try await service.invoke("caller")
      #expect(result.functionError == "Unhandled")
      #expect(String(decoding: result.payload, as: UTF8.self).contains("LambdaError"))
    }
  }
}

extension Entity {
  /// Type and message of the first exception of the cause.
  fileprivate var exception: String? {
    guard case .exceptions(let detail) = cause, let first = detail.exceptions.first else { return nil }
    return "\(first.type ?? ""): \(first.message ?? "")"
  }
}
