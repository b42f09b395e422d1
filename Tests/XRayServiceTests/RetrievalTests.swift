import Testing
import XRayModel

@testable import XRayService

@Suite struct `Trace retrieval` {
  private func start(_ test: TestService, _ numbers: [Int]) async throws -> JSONValue {
    let ids = numbers.map { JSONValue.string(TestSegment.traceID($0)) }
    let answer = try await test.result(
      "/StartTraceRetrieval", ["TraceIds": .array(ids), "StartTime": .time(-3600), "EndTime": .time(0)])
    return try #require(answer["RetrievalToken"])
  }

  @Test func `lists traces in pages, five at a time`() async throws {
    let test = try TestService()
    try await test.put((0..<12).map { TestSegment(number: $0, age: 100) } + [TestSegment(number: 12, age: 4000)])
    let token = try await start(test, Array(0...12))
    var request: JSONObject = ["RetrievalToken": token]
    var sizes: [Int] = []
    var ids: [String] = []
    repeat {
      let answer = try await test.result("/ListRetrievedTraces", .object(request))
      #expect(answer["RetrievalStatus"] == "COMPLETE")
      #expect(answer["TraceFormat"] == "XRAY")
      let traces = try #require(answer["Traces"]?.array)
      sizes.append(traces.count)
      ids += traces.compactMap { $0["Id"]?.string }
      request["NextToken"] = answer["NextToken"]
    } while request["NextToken"] != nil
    #expect(sizes == [5, 5, 2])
    #expect(ids == (0..<12).map(TestSegment.traceID))
  }

  @Test func `gives spans as OpenTelemetry has them`() async throws {
    let test = try TestService()
    try await test.put([TestSegment(number: 1, age: 100)])
    let token = try await start(test, [1])
    let answer = try await test.result("/ListRetrievedTraces", ["RetrievalToken": token, "TraceFormat": "OTEL"])
    let spans = try #require(answer["Traces"]?[0]?["Spans"]?.array)
    #expect(spans.map { $0["Id"]?.string } == [TestSegment.id(1), TestSegment.callID(1)])
    let span = try JSONValue(parsing: spans[0]["Document"]?.string ?? "")
    #expect(span["traceId"]?.string == TraceID(TestSegment.traceID(1))?.w3c)
    #expect(span["resource"]?["attributes"] != nil)
  }

  @Test func `draws the graph with the links that lead on`() async throws {
    let test = try TestService()
    var consumer = TestSegment(number: 2, name: "consumer", age: 50)
    consumer.links = [1]
    try await test.put([TestSegment(number: 1, age: 100), consumer])
    let token = try await start(test, [1, 2])
    let answer = try await test.result("/GetRetrievedTracesGraph", ["RetrievalToken": token])
    let services = try #require(answer["Services"]?.array)
    let found = try #require(
      services.first { $0["Service"]?["Name"] == "consumer" && $0["Service"]?["Type"]?.string != "client" })
    #expect(found["Links"]?[0]?["DestinationTraceIds"] == [.string(TestSegment.traceID(1))])
    #expect(found["Links"]?[0]?["SourceTraceId"] == .string(TestSegment.traceID(2)))
  }

  @Test func `ends when it is cancelled or an hour old`() async throws {
    let test = try TestService()
    try await test.put([TestSegment(number: 1, age: 100)])
    let (first, second) = (try await start(test, [1]), try await start(test, [1]))
    _ = try await test.result("/CancelTraceRetrieval", ["RetrievalToken": first])
    let cancelled = try await test.result("/ListRetrievedTraces", ["RetrievalToken": first])
    #expect(cancelled["RetrievalStatus"] == "CANCELLED")
    #expect(cancelled["Traces"] == [])
    test.clock.advance(by: .seconds(3601))
    let late = try await test.result("/GetRetrievedTracesGraph", ["RetrievalToken": second])
    #expect(late["RetrievalStatus"] == "TIMEOUT")
  }

  @Test func `knows no other tokens`() async throws {
    let test = try TestService()
    for path in ["/ListRetrievedTraces", "/GetRetrievedTracesGraph", "/CancelTraceRetrieval"] {
      let (status, json) = try await test.call(path, ["RetrievalToken": "x"])
      #expect(status == 404)
      #expect(json["ResourceName"] == "x")
      #expect(try await test.failure(path, [:]).type == "InvalidRequestException")
    }
    let ids = (0..<101).map { JSONValue.string(TestSegment.traceID($0)) }
    let many = try await test.failure(
      "/StartTraceRetrieval", ["TraceIds": .array(ids), "StartTime": .time(-1), "EndTime": .time(0)])
    #expect(many.type == "InvalidRequestException")
  }
}
