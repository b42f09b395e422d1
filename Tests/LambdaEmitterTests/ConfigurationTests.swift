import LambdaEmitter
import Testing
import XRayModel

@Suite struct `A function's configuration` {
  @Test func `passes traces through unless told otherwise`() async throws {
    try await Fixture.run { fixture in
      let function = try fixture.service.createFunction(FunctionConfiguration(name: "worker", role: bareRoleARN)) {
        event, _ in event.bytes
      }
      #expect(function.configuration.tracingMode == .passThrough)
      #expect((function.configuration.timeoutSeconds, function.configuration.memoryMegabytes) == (3, 128))
      #expect(function.version == "$LATEST")
    }
  }

  @Test func `is refused with values out of range`() async throws {
    try await Fixture.run { fixture in
      let changes: [@Sendable (inout FunctionConfiguration) -> Void] = [
        { $0.name = "" }, { $0.name = "a b" }, { $0.name = String(repeating: "a", count: 65) },
        { $0.memoryMegabytes = 127 }, { $0.memoryMegabytes = 10_241 }, { $0.timeoutSeconds = 0 },
        { $0.timeoutSeconds = 901 }, { $0.environment = ["A": String(repeating: "a", count: 4096)] },
      ]
      for change in changes {
        let error = await refusal { try fixture.function("worker", change) }
        #expect(error?.code == .invalidParameterValue)
      }
      try fixture.function()
      let again = await refusal { try fixture.function() }
      #expect(again?.statusCode == 409)
    }
  }

  @Test func `of published versions stays as it was`() async throws {
    try await Fixture.run { fixture in
      let service = fixture.service
      try fixture.function()
      #expect(try service.publishVersion("worker").version == "1")
      #expect(try service.publishVersion("worker").version == "1")
      try service.updateFunctionConfiguration("worker") { $0.tracingMode = .passThrough }
      #expect(try service.publishVersion("worker").version == "2")
      #expect(try service.function("worker:1").configuration.tracingMode == .active)
      #expect(try service.function("worker:2").configuration.tracingMode == .passThrough)
      #expect(try service.function("worker:$LATEST").configuration.tracingMode == .passThrough)
    }
  }

  @Test func `is found by name, by partial and by full ARN`() async throws {
    try await Fixture.run { fixture in
      let arn = try fixture.function("function").arn
      for reference in ["function", "function:$LATEST", "123456789012:function:function", arn, "\(arn):$LATEST"] {
        #expect(try fixture.service.function(reference).arn == arn)
      }
      for reference in ["", ":", "a:b:c", String(repeating: "a", count: 300)] {
        let error = await refusal { _ = try fixture.service.function(reference) }
        #expect(error != nil)
      }
    }
  }

  @Test func `gives the function Lambda's variables, its own beside them`() async throws {
    let seen = Notes<[String: String]>()
    try await Fixture.run { fixture in
      let change: (inout FunctionConfiguration) -> Void = {
        $0.environment = [
          "TABLE": "orders", "_HANDLER": "mine", "AWS_REGION": "mars", "AWS_XRAY_CONTEXT_MISSING": "RUNTIME_ERROR",
          "AWS_LAMBDA_RUNTIME_API": "elsewhere",
        ]
        $0.runtime = "python3.12"
        $0.handler = "app.handle"
      }
      try fixture.function("worker", change) { event, context in
        seen.add(context.environment)
        return event.bytes
      }
      _ = try await fixture.service.invoke("worker")
    }
    let variables = try #require(seen.all.first)
    for (name, value) in [
      "TABLE": "orders", "_HANDLER": "app.handle", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
      "AWS_XRAY_CONTEXT_MISSING": "RUNTIME_ERROR", "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
      "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1", "_AWS_XRAY_DAEMON_PORT": "2000", "LAMBDA_TASK_ROOT": "/var/task",
      "AWS_LAMBDA_FUNCTION_NAME": "worker", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
      "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128", "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/worker",
      "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12", "TZ": ":UTC",
    ] {
      #expect(variables[name] == value, "\(name)")
    }
    #expect(variables["AWS_LAMBDA_RUNTIME_API"] == nil)
    #expect(variables["_X_AMZN_TRACE_ID"]?.hasPrefix("Root=1-") == true)
  }

  @Test func `is gone once the function is deleted, and its environments with it`() async throws {
    let recorder = try await Fixture.run { fixture in
      let service = fixture.service
      try fixture.function(milliseconds: 500)
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          let result = try? await service.invoke("worker")
          #expect(result?.statusCode == 200)
        }
        group.addTask {
          try? await fixture.clock.sleep(for: .milliseconds(100))
          try? await service.deleteFunction("worker")
          _ = try? fixture.function()
        }
      }
      // One place: the end of the old function's invocation did not give the new one another.
      try service.reserveConcurrency(1, for: "worker")
      let both = await withTaskGroup(of: LambdaError?.self) { group in
        for _ in 0..<2 { group.addTask { await refusal { _ = try await service.invoke("worker") } } }
        return await group.reduce(into: [LambdaError?]()) { $0.append($1) }
      }
      #expect(both.compactMap(\.self).map(\.statusCode) == [429])
      try await service.deleteFunction("worker")
      let gone = await refusal { _ = try await service.invoke("worker") }
      #expect(gone?.code == .resourceNotFound)
    }
    #expect(recorder.functions.map { $0.part("Initialization") != nil } == [true, true])
  }

  @Test func `that is gone makes a dead letter of an event that waits`() async throws {
    try await Fixture.run { fixture in
      try fixture.function {
        $0.deadLetterTarget = "arn:dead"
      } handler: { _, _ in
        throw CancellationError()
      }
      _ = try await fixture.service.invoke("worker", type: .event)
      try await fixture.clock.sleep(for: .seconds(5))
      try await fixture.service.deleteFunction("worker")
      await fixture.service.settle()
      #expect(fixture.service.queue("arn:dead").messages.first?.attributes["ErrorCode"] == "404")
    }
  }
}
