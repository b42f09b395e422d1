import LambdaEmitter
import Testing
import XRayModel
import XRaySampler

@Suite struct `A synchronous invocation` {
  @Test func `is a service segment over a function segment, with Initialization only when cold`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function()
      for _ in 0..<2 {
        let result = try await fixture.service.invoke("worker", payload: Array("[1]".utf8))
        #expect(result.statusCode == 200)
        #expect(result.payload == Array("[1]".utf8))
        #expect(result.functionError == nil)
        #expect(result.executedVersion == "$LATEST")
      }
    }
    #expect(recorder.documents.count == 4)
    #expect(
      recorder.functions.map(\.partNames) == [
        ["Initialization", "Invocation", "Overhead"], ["Invocation", "Overhead"],
      ])
    for (service, function) in zip(recorder.services, recorder.functions) {
      #expect(service.parentID == nil)
      #expect(function.parentID == service.id)
      #expect(function.traceID == service.traceID)
      #expect(service.subsegments.isEmpty)
      #expect(service.http?.response?.status == 200)
      #expect(service.resourceARN == "arn:aws:lambda:us-east-1:123456789012:function:worker")
      #expect(service.start <= function.start)
      #expect(try #require(function.end) <= service.end ?? service.start)
    }
    #expect(Set(recorder.services.map(\.traceID)).count == 2)
  }

  @Test func `links upstream, service, function, Invocation and what the function records`() async throws {
    let header = "Root=1-58406520-a006649127e371903a2de979;Parent=4c721bf33e3caf8f;Sampled=1;Lineage=a87bd80c:1"
    let seen = Notes<InvocationContext>()
    let recorder = try await Fixture.run { fixture in
      try fixture.function { event, context in
        seen.add(context)
        return event.bytes
      }
      let result = try await fixture.service.invoke("worker", traceHeader: header)
      #expect(result.traceHeader.description == "Root=1-58406520-a006649127e371903a2de979;Sampled=1")
    }
    let service = try #require(recorder.services.first)
    let function = try #require(recorder.functions.first)
    let invocation = try #require(function.part("Invocation"))
    let context = try #require(seen.all.first)
    #expect(service.parentID?.description == "4c721bf33e3caf8f")
    #expect(function.parentID == service.id)
    #expect(
      context.traceHeader
        == "Root=1-58406520-a006649127e371903a2de979;Parent=\(invocation.id);Sampled=1;Lineage=a87bd80c:1")
    #expect(context.environment["_X_AMZN_TRACE_ID"] == context.traceHeader)
    #expect(service.aws["request_id"]?.string == context.requestID)
    #expect(context.deadline == function.start.advanced(by: .seconds(3)))
  }

  @Test func `has the timing relations of published traces`() async throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let recorder = try await Fixture.run(seed: seed) { fixture in
        try fixture.function()
        for _ in 0..<2 { _ = try await fixture.service.invoke("worker") }
      }
      let cold = try #require(recorder.functions.first)
      let initialization = try #require(cold.part("Initialization"))
      let initialized = try #require(initialization.end)
      #expect(initialized < cold.start)
      #expect((0.0008...0.0115).contains(cold.start.since(initialized)))
      #expect((0.15...0.76).contains(initialization.start.since(recorder.services[0].start)))
      #expect(initialized.since(initialization.start) >= 0.38)
      for (service, function) in zip(recorder.services, recorder.functions) {
        let invocation = try #require(function.part("Invocation"))
        let overhead = try #require(function.part("Overhead"))
        #expect((0.00006...0.00031).contains(invocation.start.since(function.start)))
        #expect(overhead.start >= invocation.end ?? overhead.start)
        #expect(overhead.end ?? overhead.start <= function.end ?? function.start)
        #expect((0...0.0042).contains(try #require(service.end).since(try #require(function.end))))
      }
      #expect((0.003...0.012).contains(recorder.functions[1].start.since(recorder.services[1].start)))
    }
  }

  @Test func `writes services in milliseconds and functions in microseconds`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function()
      _ = try await fixture.service.invoke("worker")
    }
    for service in recorder.services {
      #expect(service.start.ticks % 10_000 == 0)
      #expect(try #require(service.end).ticks % 10_000 == 0)
    }
    var finer = 0
    for function in recorder.functions {
      function.forEach { entity in
        #expect(entity.start.ticks % 10 == 0)
        if entity.start.ticks % 10_000 != 0 { finer += 1 }
      }
    }
    #expect(finer > 0)
  }

  @Test func `logs START, END and REPORT with the trace`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function { event, context in
        context.log("one order")
        return event.bytes
      }
      let result = try await fixture.service.invoke("worker")
      #expect(result.logLines.count == 4)
      #expect(result.logLines[0] == "START RequestId: \(result.requestID) Version: $LATEST")
      #expect(result.logLines[1] == "one order")
      #expect(result.logLines[2] == "END RequestId: \(result.requestID)")
      let report = result.logLines[3].split(separator: "\t")
      #expect(report[0] == "REPORT RequestId: \(result.requestID)")
      #expect(report[1] == "Duration: 20.00 ms")
      #expect(report[2] == "Billed Duration: 20 ms")
      #expect(report[3] == "Memory Size: 128 MB")
      #expect(report[5].hasPrefix("Init Duration: "))
      #expect(report[6] == "XRAY TraceId: \(result.traceHeader.root)")
      #expect(report[8] == "Sampled: true")
      let log = try #require(fixture.service.logs.first)
      #expect(log.logGroup == "/aws/lambda/worker")
      #expect(log.logStream.hasPrefix("2023/11/14/[$LATEST]"))
      #expect(log.lines == result.logLines)
    }
    #expect(recorder.functions.count == 1)
  }

  @Test func `of one function by another links both by the subsegment of the call`() async throws {
    let call = EntityID(rawValue: 0x0DDB_A115_0DDB_A115)
    let recorder = try await Fixture.run { fixture in
      let service = fixture.service
      try fixture.function("callee")
      try fixture.function("caller") { event, context in
        var header = try TraceHeader(parsing: context.traceHeader)
        header.parent = call
        return try await service.invoke("callee", payload: event.bytes, traceHeader: header.description).payload
      }
      _ = try await service.invoke("caller")
    }
    #expect(Set(recorder.entities.map(\.traceID)).count == 1)
    #expect(recorder.services.first { $0.name == "callee" }?.parentID == call)
  }

  @Test func `of a published version names it in the service's segment only`() async throws {
    let recorder = try await Fixture.run { fixture in
      let latest = try fixture.function()
      let version = try fixture.service.publishVersion("worker")
      #expect(version.version == "1")
      let result = try await fixture.service.invoke("\(latest.arn):1")
      #expect(result.executedVersion == "1")
    }
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:worker"
    #expect(recorder.services.first?.resourceARN == "\(arn):1")
    #expect(recorder.functions.first?.aws["function_arn"]?.string == arn)
  }

  @Test func `that is a dry run answers 204 and leaves no trace`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function { _, _ in throw Broken() }
      #expect(try await fixture.service.invoke("worker", type: .dryRun).statusCode == 204)
    }
    #expect(recorder.documents.isEmpty)
  }

  @Test func `is refused for unknown functions, bad JSON and payloads that are too large`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function()
      let service = fixture.service
      let unknown = await refusal { _ = try await service.invoke("nobody") }
      #expect(unknown?.statusCode == 404)
      let version = await refusal { _ = try await service.invoke("worker:7") }
      #expect(version?.code == .resourceNotFound)
      let json = await refusal { _ = try await service.invoke("worker", payload: Array("{".utf8)) }
      #expect(json?.code == .invalidRequestContent)
      #expect(json?.message.hasPrefix("Could not parse request body into json:") == true)
      let large = [UInt8](repeating: UInt8(ascii: " "), count: 1_048_577)
      let tooLarge = await refusal { _ = try await service.invoke("worker", payload: large, type: .event) }
      #expect(tooLarge?.statusCode == 413)
    }
    #expect(recorder.documents.isEmpty)
  }
}
