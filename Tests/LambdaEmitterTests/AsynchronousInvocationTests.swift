import EventSources
import LambdaEmitter
import Testing
import XRayModel

@Suite struct `An asynchronous invocation` {
  @Test func `is answered with 202 and shows dwell time and one attempt`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function()
      let result = try await fixture.service.invoke("worker", type: .event)
      #expect(result.statusCode == 202)
      #expect(result.payload.isEmpty)
    }
    let service = try #require(recorder.services.first)
    let dwell = try #require(recorder.named("Dwell Time").first)
    let attempt = try #require(recorder.named("Attempt #1").first)
    let function = try #require(recorder.functions.first)
    #expect(service.http?.response?.status == 202)
    #expect(service.start == dwell.start)
    #expect(dwell.end == attempt.start)
    #expect(dwell.end ?? dwell.start > service.end ?? service.start)
    #expect(dwell.http == nil)
    #expect(attempt.http?.response?.status == 200)
    #expect([dwell.parentID, attempt.parentID] == [service.id, service.id])
    #expect(function.parentID == attempt.id)
    #expect(attempt.start <= function.start)
    #expect(function.end ?? function.start <= attempt.end ?? attempt.start)
    #expect(!attempt.isFault)
  }

  @Test func `that fails is tried at 0, 60 and 180 seconds with one request id and given up`() async throws {
    let requests = Notes<String>()
    let recorder = try await Fixture.run { fixture in
      try fixture.function {
        $0.deadLetterTarget = "arn:aws:sqs:us-east-1:123456789012:dead"
      } handler: { event, _ in
        requests.add(event.requestID)
        throw Broken()
      }
      var events = EventInvokeConfiguration()
      events.onFailure = "arn:aws:sqs:us-east-1:123456789012:failed"
      try fixture.service.putEventInvokeConfiguration(events, for: "worker")
      let payload = Array(#"{"order":7}"#.utf8)
      let result = try await fixture.service.invoke("worker", payload: payload, type: .event)
      await fixture.service.settle()

      let letters = fixture.service.queue("arn:aws:sqs:us-east-1:123456789012:dead").messages
      #expect(letters.map(\.body) == [payload])
      #expect(
        letters.first?.attributes.compactMapValues(\.text) == [
          "RequestID": result.requestID, "ErrorCode": "200", "ErrorMessage": "the order has no items",
        ])
      let failed = fixture.service.queue("arn:aws:sqs:us-east-1:123456789012:failed").messages
      let record = try read(failed.first)
      #expect(record["requestContext"]?["condition"] == "RetriesExhausted")
      #expect(record["requestContext"]?["approximateInvokeCount"] == 3)
      #expect(
        record["requestContext"]?["functionArn"] == "arn:aws:lambda:us-east-1:123456789012:function:worker:$LATEST")
      #expect(record["requestPayload"]?["order"] == 7)
      #expect(record["responseContext"]?["functionError"] == "Unhandled")
      #expect(record["responsePayload"]?["errorMessage"] == "the order has no items")
    }
    let attempts = (1...3).map { recorder.named("Attempt #\($0)") }
    #expect(attempts.map(\.count) == [1, 1, 1])
    let starts = attempts.map { $0[0].start.since(attempts[0][0].start) }
    #expect(starts == [0, 60, 180])
    #expect(attempts.allSatisfy { $0[0].isFault && $0[0].http?.response?.status == 200 })
    #expect(recorder.functions.map(\.parentID) == attempts.map { $0[0].id })
    #expect(recorder.functions.map { $0.part("Initialization") != nil } == [true, false, false])
    #expect(recorder.named("Dwell Time").count == 1)
    #expect(recorder.services.count == 1)
    #expect(Set(requests.all).count == 1)
    #expect(Set(recorder.entities.map(\.traceID)).count == 1)
  }

  @Test func `whose attempt outlasts the wait begins the next one when it ends`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function(milliseconds: 90_000) {
        $0.timeoutSeconds = 100
      } handler: { _, _ in
        throw Broken()
      }
      var events = EventInvokeConfiguration()
      events.maximumRetryAttempts = 1
      try fixture.service.putEventInvokeConfiguration(events, for: "worker")
      _ = try await fixture.service.invoke("worker", type: .event)
    }
    #expect(recorder.named("Attempt #2").map(\.start) == recorder.named("Attempt #1").compactMap(\.end))
    #expect(recorder.named("Attempt #3").isEmpty)
  }

  @Test func `that succeeds at the second attempt ends there and tells its destination`() async throws {
    let requests = Notes<String>()
    let recorder = try await Fixture.run { fixture in
      try fixture.function { event, _ in
        requests.add(event.requestID)
        if requests.all.count == 1 { throw Broken() }
        return Array(#""done""#.utf8)
      }
      var events = EventInvokeConfiguration()
      events.onSuccess = "arn:done"
      try fixture.service.putEventInvokeConfiguration(events, for: "worker")
      _ = try await fixture.service.invoke("worker", type: .event)
      await fixture.service.settle()
      let record = try read(fixture.service.queue("arn:done").messages.first)
      #expect(record["requestContext"]?["condition"] == "Success")
      #expect(record["requestContext"]?["approximateInvokeCount"] == 2)
      #expect(record["responsePayload"] == "done")
    }
    #expect(recorder.named("Attempt #1").map(\.isFault) == [true])
    #expect(recorder.named("Attempt #2").map(\.isFault) == [false])
    #expect(recorder.named("Attempt #3").isEmpty)
  }

  @Test func `that grows too old is given up without another attempt`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function { _, _ in throw Broken() }
      var events = EventInvokeConfiguration()
      events.maximumEventAgeSeconds = 100
      events.onFailure = "arn:failed"
      try fixture.service.putEventInvokeConfiguration(events, for: "worker")
      _ = try await fixture.service.invoke("worker", type: .event)
      await fixture.service.settle()
      let record = try read(fixture.service.queue("arn:failed").messages.first)
      #expect(record["requestContext"]?["condition"] == "EventAgeExceeded")
    }
    #expect(recorder.named("Attempt #2").count == 1)
    #expect(recorder.named("Attempt #3").isEmpty)
  }

  @Test func `that is throttled backs off from 1 second to 5 minutes while its dwell time grows`() async throws {
    let starts = Notes<Timestamp>()
    let recorder = try await Fixture.run(timing: .measured) { fixture in
      try fixture.function(milliseconds: 1_000_000, initialization: 0) {
        $0.timeoutSeconds = 900
      } handler: { event, _ in
        event.bytes
      }
      try fixture.service.reserveConcurrency(1, for: "worker")
      var events = EventInvokeConfiguration()
      events.maximumRetryAttempts = 0
      try fixture.service.putEventInvokeConfiguration(events, for: "worker")
      _ = try await fixture.service.invoke("worker", type: .event)
      try await fixture.clock.sleep(for: .seconds(1))
      let accepted = fixture.clock.now
      _ = try await fixture.service.invoke("worker", type: .event)
      await fixture.service.settle()
      starts.add(accepted)
    }
    // The first one runs into its timeout at 900 s. Tries of the second one, from 1 s on: +0, 1, 3, 7, 15, 31, 63,
    // 127, 255, 511 (+256), 811 (+300), 1111.
    let accepted = try #require(starts.all.first)
    let dwells = recorder.named("Dwell Time").filter { $0.start == accepted }
    #expect(dwells.map { $0.end?.since(accepted) } == [1111])
    #expect(recorder.named("Attempt #1").contains { $0.start.since(accepted) == 1111 })
  }

  @Test func `of a function with reserved concurrency 0 becomes a dead letter at once`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function { $0.deadLetterTarget = "arn:dead" }
      try fixture.service.reserveConcurrency(0, for: "worker")
      #expect(try await fixture.service.invoke("worker", type: .event).statusCode == 202)
      await fixture.service.settle()
      #expect(fixture.clock.now.since(startOfTime) < 1)
      #expect(fixture.service.queue("arn:dead").messages.first?.attributes["ErrorCode"] == "429")
    }
    #expect(recorder.functions.isEmpty)
    #expect(recorder.named("Dwell Time").count == 1)
  }

  @Test func `whose service is cancelled becomes a dead letter instead of vanishing`() async throws {
    let held = Notes<LambdaService>()
    struct Stop: Error {}
    await #expect(throws: Stop.self) {
      try await Fixture.run { fixture in
        held.add(fixture.service)
        try fixture.function {
          $0.deadLetterTarget = "arn:dead"
        } handler: { _, _ in
          throw Broken()
        }
        _ = try await fixture.service.invoke("worker", type: .event)
        try await fixture.clock.sleep(for: .seconds(30))
        throw Stop()
      }
    }
    let service = try #require(held.all.first)
    #expect(service.queue("arn:dead").messages.count == 1)
    let closed = await refusal { _ = try await service.invoke("worker", type: .event) }
    #expect(closed?.statusCode == 500)
  }
}
