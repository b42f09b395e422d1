import RemoteSink
import Testing
import XRayDaemon
import XRayHTTP
import XRayModel

@Suite struct `The remote sink` {
  private static func document(_ number: Int) -> String {
    let id = String(number, radix: 16)
    return "{\"id\":\"\(String(repeating: "0", count: 16 - id.count) + id)\",\"name\":\"n\","
      + "\"trace_id\":\"1-58406520-a006649127e371903a2de979\",\"start_time\":1.5,\"end_time\":2}"
  }
  private static func id(_ number: Int) -> String { String(document(number).dropFirst(7).prefix(16)) }

  private static func batch(_ numbers: some Sequence<Int>) -> DocumentBatch {
    DocumentBatch(numbers.map { Array(document($0).utf8) })
  }

  private static func documents(in request: ScriptedServer.Request) throws -> [String] {
    let json = try JSONValue(parsing: request.body.span)
    return (json["TraceSegmentDocuments"]?.array ?? []).compactMap(\.string)
  }

  private static func put(
    _ batch: DocumentBatch, answer: ScriptedServer.Answer
  ) async throws -> (outcomes: [SegmentOutcome], requests: [ScriptedServer.Request]) {
    let server = ScriptedServer { _ in answer }
    defer { server.stop() }
    let sink = try RemoteSink(endpoint: server.endpoint, deadline: .seconds(600))
    do {
      let outcomes = try await sink.put(batch)
      await sink.close()
      return (outcomes, server.requests)
    } catch {
      await sink.close()
      throw error
    }
  }

  @Test func `posts the documents as JSON strings`() async throws {
    let (outcomes, requests) = try await Self.put(Self.batch(1...3), answer: .json("{\"UnprocessedTraceSegments\":[]}"))
    #expect(outcomes == [.stored, .stored, .stored])
    let request = try #require(requests.first)
    #expect(requests.count == 1 && request.line == "POST /TraceSegments HTTP/1.1")
    #expect(request.header("content-type") == "application/json")
    #expect(try Self.documents(in: request) == (1...3).map(Self.document))
  }

  @Test func `sends any bytes: escaped, and invalid UTF-8 as replacement characters`() async throws {
    let odd: [[UInt8]] = [
      Array("quote \" backslash \\ line \n tab \t nul \0 é 😀".utf8), [0x61, 0xFF, 0x62], [0xC3], Array(0...255), [],
    ]
    let (outcomes, requests) = try await Self.put(DocumentBatch(odd), answer: .json("{}"))
    #expect(outcomes.count == odd.count)
    let sent = try Self.documents(in: try #require(requests.first))
    #expect(sent == odd.map { String(decoding: $0, as: UTF8.self) })
    #expect(sent[1] == "a\u{FFFD}b")
  }

  @Test func `sends at most 50 documents a call`() async throws {
    let (outcomes, requests) = try await Self.put(Self.batch(1...120), answer: .json("{}"))
    #expect(outcomes.count == 120)
    #expect(try requests.map { try Self.documents(in: $0).count } == [50, 50, 20])
  }

  @Test func `answers nothing for nothing`() async throws {
    let (outcomes, requests) = try await Self.put(DocumentBatch(), answer: .silence)
    #expect(outcomes.isEmpty && requests.isEmpty)
  }

  @Test func `puts a refusal down to the document with its id`() async throws {
    let answer = """
      {"UnprocessedTraceSegments":[
        {"Id":"\(Self.id(3))","ErrorCode":"InvalidTraceId","Message":"Invalid segment. ErrorCode: InvalidTraceId, Cause: null"},
        {"Id":"\(Self.id(1))","ErrorCode":"InvalidSegment","Message":"Invalid segment. ErrorCode: InvalidSegment, Cause: large"}]}
      """
    let (outcomes, _) = try await Self.put(Self.batch(1...4), answer: .json(answer))
    #expect(
      outcomes == [
        .unprocessed(SegmentRejection(.invalidSegment, id: Self.id(1), detail: "large")), .stored,
        .unprocessed(SegmentRejection(.invalidTraceId, id: Self.id(3))), .stored,
      ])
  }

  @Test func `puts a refusal without an id down to the document that is broken itself`() async throws {
    let batch = DocumentBatch([Self.document(1), "no JSON", Self.document(2)].map { Array($0.utf8) })
    let answer = "{\"UnprocessedTraceSegments\":[{\"Id\":null,\"ErrorCode\":\"ParseError\",\"Message\":null}]}"
    let (outcomes, _) = try await Self.put(batch, answer: .json(answer))
    #expect(outcomes == [.stored, .unprocessed(SegmentRejection(.parseError)), .stored])
  }

  @Test func `keeps the number of refusals right where it must guess which`() async throws {
    let entry = "{\"Id\":\"ffffffffffffffff\",\"ErrorCode\":\"NewCode\",\"Message\":\"why\"}"
    for count in [1, 2, 9] {
      let entries = Array(repeating: entry, count: count).joined(separator: ",")
      let (outcomes, _) = try await Self.put(
        Self.batch(1...3), answer: .json("{\"UnprocessedTraceSegments\":[\(entries)]}"))
      #expect(outcomes.count == 3 && outcomes.count { $0 != .stored } == min(count, 3))
      #expect(
        outcomes.first
          == .unprocessed(SegmentRejection(.invalidSegment, id: "ffffffffffffffff", detail: "NewCode: why")))
    }
  }

  @Test(arguments: [
    (
      ScriptedServer.Answer.json(
        "{\"Message\":\"slow down\"}", status: "429 Too Many",
        headers: "x-amzn-ErrorType: ThrottledException:http://x\r\n"),
      RemoteSinkError.Reason.answered(status: 429), "ThrottledException: slow down" as String?
    ),
    (.json("oops", status: "500 Oh"), .answered(status: 500), nil),
    (.json("<html>"), .malformedAnswer, nil), (.json("[]"), .malformedAnswer, nil), (.json(""), .malformedAnswer, nil),
  ])
  func `fails as a whole when the call does`(
    _ answer: ScriptedServer.Answer, _ reason: RemoteSinkError.Reason, _ detail: String?
  ) async {
    let error = await #expect(throws: RemoteSinkError.self) { try await Self.put(Self.batch(1...2), answer: answer) }
    #expect(error?.reason == reason && error?.detail == detail)
  }

  @Test func `knows that throttling passes, whatever its status`() async {
    let answer = ScriptedServer.Answer.json(
      "{}", status: "400 Bad", headers: "x-amzn-ErrorType: ThrottlingException\r\n")
    let error = await #expect(throws: RemoteSinkError.self) { try await Self.put(Self.batch(1...2), answer: answer) }
    #expect(error?.kind.isTransient == true && error?.reason == .answered(status: 400))
  }

  @Test func `passes on that there was no answer`() async throws {
    let sink = try RemoteSink(endpoint: "http://127.0.0.1:1", deadline: .seconds(600))
    let error = await #expect(throws: RemoteSinkError.self) { try await sink.put(Self.batch(1...1)) }
    #expect(error?.reason == .unanswered(.refused) && error?.kind == .connectionRefused)
  }

  @Test func `wants a plain HTTP endpoint`() {
    #expect(throws: RemoteSinkError.self) { _ = try RemoteSink(endpoint: "https://xray.eu-west-1.amazonaws.com") }
  }

  @Test func `takes what a daemon received to another machine's API`() async throws {
    let server = ScriptedServer { request in
      // The first attempt of the first batch fails.
      request.body.count > 0 && request.connection == 1 ? .lastBytes("") : .json("{}")
    }
    defer { server.stop() }
    let sink = try RemoteSink(endpoint: server.endpoint, deadline: .seconds(600))
    let daemon = try Daemon(configuration: .test(), sink: sink)
    try await daemon.whileRunning {
      let sender = DatagramSender(to: daemon.address)
      for number in 1...70 { sender.send(document: Self.document(number)) }
      #expect(await daemon.received(70))
      try await daemon.flush()
    }
    await sink.close()
    let arrived = try server.requests.dropFirst().flatMap { try Self.documents(in: $0) }
    #expect(arrived == (1...70).map(Self.document))
    #expect(daemon.hop("sink").passedOn == 70)
  }
}
