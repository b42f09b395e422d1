import ArgumentParser
import FoundationEssentials
import NIOCore
import NIOHTTP1
import TraceReports
import Traces
import XRayHTTP
import XRayModel

struct InvokeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "invoke",
    abstract: "Invoke a function of a `fluoro serve`, and show its trace.",
    discussion: """
      Prints what the function answered on standard output, then its trace as a
      timeline on standard error, when there is one. The exit code is 1 when the
      function failed.

      EXAMPLES:
        fluoro invoke hello --payload '{"name": "you"}'
        fluoro invoke hello:live --payload @event.json --tail
        fluoro invoke hello --async
      """)

  @Argument(help: ArgumentHelp("The function's name or ARN, with a version or an alias.", valueName: "name"))
  var name: String

  @Option(help: ArgumentHelp("JSON; @FILE reads a file.", valueName: "json"))
  var payload = "{}"

  @Flag(name: .customLong("async"), help: "Give it an event and do not wait for the answer.")
  var isEvent = false

  @Flag(help: "Print the last 4 KB of the invocation's log, too.")
  var tail = false

  @Option(help: ArgumentHelp("Where `fluoro serve` is.", valueName: "url"))
  var endpoint = "http://127.0.0.1:2000"

  func run() async throws {
    guard let endpoint = HTTPEndpoint(url: endpoint), !endpoint.isSecure else {
      throw ValidationError("\(self.endpoint) is no http:// address")
    }
    // A function may take 15 minutes.
    let client = HTTPClient(endpoint: endpoint, deadline: .seconds(960))
    do {
      try await invoke(client)
      await client.close()
    } catch {
      await client.close()
      throw error
    }
  }

  private func invoke(_ client: HTTPClient) async throws {
    let answer = try await call(client, request())
    guard answer.status < 300 else {
      let error = answer.headers.first(name: "x-amzn-ErrorType") ?? "\(answer.status)"
      throw Failure.failed("\(error): \(message(in: answer.body))")
    }
    if !answer.body.isEmpty { try Output().writeLine(String(decoding: answer.body, as: UTF8.self)) }
    if let log = answer.headers.first(name: "X-Amz-Log-Result").flatMap({ Data(base64Encoded: $0) }) {
      for line in String(decoding: log, as: UTF8.self).split(separator: "\n") { Console.say("| \(line)") }
    }
    if let trace = try await trace(of: answer, client) {
      Console.say(TextTimeline(trace, width: Console.width, isColored: Console.isColored).text)
    }
    if let error = answer.headers.first(name: "X-Amz-Function-Error") {
      throw Failure.failed("the function failed (\(error))")
    }
  }

  private func request() throws -> HTTPRequest {
    let characters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:$")
    guard !name.isEmpty, name.allSatisfy(characters.contains) else {
      throw ValidationError("\(name) does not name a function")
    }
    var headers: HTTPHeaders = ["Content-Type": "application/json"]
    headers.add(name: "X-Amz-Invocation-Type", value: isEvent ? "Event" : "RequestResponse")
    if tail, !isEvent { headers.add(name: "X-Amz-Log-Type", value: "Tail") }
    // What is invoked by hand is looked at.
    let root = RandomSource().traceID(at: SystemClock().now)
    headers.add(name: TraceHeader.httpName, value: "Root=\(root);Sampled=1")
    let body = payload.hasPrefix("@") ? try Self.contents(of: String(payload.dropFirst())) : Array(payload.utf8)
    return HTTPRequest(.POST, path: "/2015-03-31/functions/\(name)/invocations", headers: headers, body: body)
  }

  private static func contents(of path: String) throws -> [UInt8] {
    do {
      return Array(try Data(contentsOf: URL(filePath: path)))
    } catch {
      throw Failure.unreachable("cannot read \(path)")
    }
  }

  private func call(_ client: HTTPClient, _ request: HTTPRequest) async throws -> HTTPResponse {
    do {
      return try await client.execute(request)
    } catch {
      throw Failure.unreachable("\(error): is `fluoro serve` at work?")
    }
  }

  private func message(in body: [UInt8]) -> String {
    let json = try? JSONValue(parsing: body.span)
    return json?["message"]?.string ?? json?["Message"]?.string ?? String(decoding: body, as: UTF8.self)
  }

  // MARK: The trace

  /// The trace that the answer names, once it is whole or two seconds are over; `nil` when it is not traced.
  private func trace(of answer: HTTPResponse, _ client: HTTPClient) async throws -> Trace? {
    guard let header = answer.headers.first(name: TraceHeader.httpName).flatMap({ try? TraceHeader(parsing: $0) }),
      header.sampling != .notSampled
    else { return nil }
    var found: Trace?
    for _ in 0..<20 {
      let body = JSONValue.object(["TraceIds": [.string(header.root.description)]]).rendered()
      let response = try await call(
        client,
        HTTPRequest(
          .POST, path: "/Traces", headers: ["Content-Type": "application/json"], body: Array(body.utf8)))
      found = try Self.trace(header.root, in: response.body) ?? found
      if let found, isWhole(found) { return found }
      try await Task.sleep(for: .milliseconds(100))
    }
    return found
  }

  /// Whether it has what Lambda itself has to tell; an event may take hours.
  private func isWhole(_ trace: Trace) -> Bool {
    let origins = Set(trace.segments.compactMap(\.origin))
    return origins.contains("AWS::Lambda") && (isEvent || origins.contains("AWS::Lambda::Function"))
  }

  private static func trace(_ id: TraceID, in body: [UInt8]) throws -> Trace? {
    let json = try? JSONValue(parsing: body.span)
    let documents = json?["Traces"]?[0]?["Segments"]?.array?.compactMap { $0["Document"]?.string } ?? []
    let entities = documents.compactMap { document in
      let bytes = Array(document.utf8)
      return try? Entity(document: bytes.span)
    }
    return entities.isEmpty ? nil : Trace(id: id, segments: entities, revision: entities.count)
  }
}
