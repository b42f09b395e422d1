import Testing
import XRayHTTP
import XRayModel
import XRaySDK

@Suite struct `A traced HTTP client` {
  /// Runs one request in a segment and returns the segment as it was sent.
  private func record(_ endpoint: HTTPEndpoint, _ request: HTTPRequest) async throws -> Entity {
    let emitter = CollectingEmitter()
    let recorder = XRayRecorder(
      environment: [:], clock: VirtualClock(start: Timestamp(seconds: 1000)), random: RandomSource(seed: 1),
      emitter: emitter)
    let client = TracedHTTPClient(HTTPClient(endpoint: endpoint, deadline: .seconds(600)), recorder: recorder)
    let header = try TraceHeader(parsing: "Root=1-58406520-a006649127e371903a2de979;Sampled=1")
    let segment = recorder.beginSegment("caller", header: header)
    await segment.makeCurrent { _ = try? await client.execute(request) }
    segment.end()
    await client.client.close()
    return try #require(emitter.entities.first)
  }

  @Test func `records the call and hands the trace on`() async throws {
    let server = ScriptedServer { _ in .json("slow down", status: "429 Too Many Requests") }
    defer { server.stop() }
    let endpoint = try #require(HTTPEndpoint(server.endpoint + "/base"))
    let segment = try await record(endpoint, HTTPRequest(.POST, path: "/items?secret=1"))

    let call = try #require(segment.subsegments.first)
    #expect(call.name == "127.0.0.1" && call.namespace == "remote")
    #expect(call.http?.request?.url == "\(endpoint)/items" && call.http?.request?.method == "POST")
    #expect(call.http?.response == HTTPBlock.Response(status: 429, contentLength: 9))
    #expect(call.isError && call.isThrottle && !call.isFault)
    let sent = try #require(server.requests.first?.header("x-amzn-trace-id"))
    #expect(sent == "Root=1-58406520-a006649127e371903a2de979;Parent=\(call.id);Sampled=1")
  }

  @Test func `leaves a tracing header alone that the request has already`() async throws {
    let server = ScriptedServer { _ in .json("{}") }
    defer { server.stop() }
    let endpoint = try #require(HTTPEndpoint(server.endpoint))
    _ = try await record(endpoint, HTTPRequest(path: "/", headers: ["X-Amzn-Trace-Id": "Sampled=0"]))
    #expect(server.requests.map { $0.header("x-amzn-trace-id") } == ["Sampled=0"])
  }

  @Test func `records that nobody answered`() async throws {
    let segment = try await record(HTTPEndpoint(host: "127.0.0.1", port: 1), HTTPRequest(path: "/"))
    let call = try #require(segment.subsegments.first)
    guard case .exceptions(let detail) = call.cause else { return #expect(Bool(false), "no cause") }
    #expect(call.isFault && detail.exceptions.first?.type == "HTTPClientError")
    #expect(detail.exceptions.first?.message == "127.0.0.1:1: connection refused")
  }
}
