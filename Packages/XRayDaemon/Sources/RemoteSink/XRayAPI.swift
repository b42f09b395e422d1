public import NIOHTTP1
public import XRayHTTP
public import XRayModel

/// Calls of an X-Ray API: each gets the headers that X-Ray's daemon sends, and a signature.
public struct XRayAPI: Sendable {
  /// Adds a signature to a request that is complete but for it.
  public typealias Signing = @Sendable (inout HTTPRequest) async throws -> Void

  public let client: HTTPClient
  private let userAgent: String?
  private let clock: any WallClock
  private let sign: Signing?

  /// - Parameters:
  ///   - client: The caller made it and closes it.
  ///   - userAgent: As X-Ray's daemon names itself (spec daemon.md §1.6); `nil` sends no such header.
  ///   - sign: `nil` sends requests unsigned.
  public init(
    client: HTTPClient, userAgent: String? = nil, clock: any WallClock = SystemClock(), sign: Signing? = nil
  ) {
    self.client = client
    self.userAgent = userAgent
    self.clock = clock
    self.sign = sign
  }

  public var endpoint: String { client.endpoint.description }

  /// Posts JSON, and returns the answer whatever its status.
  ///
  /// - Parameter headers: What the request says already; ours are added where it does not.
  public func post(
    _ path: String, _ body: [UInt8], headers: HTTPHeaders = [:]
  ) async throws(RemoteSinkError) -> HTTPResponse {
    var request = HTTPRequest(.POST, path: path, headers: headers, body: body)
    request.headers.set("Content-Type", "application/json")
    if let userAgent {
      request.headers.set("User-Agent", userAgent)
      request.headers.set("X-Amzn-Xray-Timestamp", clock.now.nanosecondText)
    }
    do {
      try await sign?(&request)
    } catch {
      throw RemoteSinkError(.unsigned, endpoint: endpoint, detail: "\(error)")
    }
    do throws(HTTPClientError) {
      return try await client.execute(request)
    } catch {
      throw RemoteSinkError(.unanswered(error.reason), endpoint: endpoint)
    }
  }

  /// Posts JSON that is to be answered with a JSON object and status 200.
  public func call(_ path: String, _ body: [UInt8]) async throws(RemoteSinkError) -> JSONValue {
    let response = try await post(path, body)
    guard response.status == 200 else {
      throw RemoteSinkError(
        .answered(status: response.status), endpoint: endpoint, detail: response.errorDetail,
        retryAfter: response.headers.first(name: "Retry-After").flatMap { Int($0) }.map { .seconds(max(0, $0)) })
    }
    guard let answer = try? JSONValue(parsing: response.body.span), answer.object != nil else {
      throw RemoteSinkError(.malformedAnswer, endpoint: endpoint)
    }
    return answer
  }
}

extension HTTPHeaders {
  fileprivate mutating func set(_ name: String, _ value: @autoclosure () -> String) {
    if !contains(name: name) { add(name: name, value: value()) }
  }
}

extension Timestamp {
  /// Epoch seconds with nine decimals.
  fileprivate var nanosecondText: String {
    let fraction = String(
      (ticks - wholeSeconds * Timestamp.ticksPerSecond) * (1_000_000_000 / Timestamp.ticksPerSecond))
    return "\(wholeSeconds).\(String(repeating: "0", count: max(0, 9 - fraction.utf8.count)))\(fraction)"
  }
}

extension HTTPResponse {
  /// What a failed call says about itself: the error's type and message, as far as they can be read.
  fileprivate var errorDetail: String? {
    let type = headers.first(name: "x-amzn-ErrorType").map { String($0.prefix { $0 != ":" }) }
    let answer = try? JSONValue(parsing: body.span)
    let message = (answer?["Message"] ?? answer?["message"])?.string
    let parts = [type, message].compactMap { $0.map { String($0.prefix(200)) } }
    return parts.isEmpty ? nil : parts.joined(separator: ": ")
  }
}
