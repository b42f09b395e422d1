import Testing
import TraceFilters
import Traces
import XRayModel

@testable import XRayService

#if canImport(Glibc)
  import Glibc
#endif

/// A service that is asked about its settings only: it opens in no time, as it has no traces.
final class SettingsTestService: Sendable {
  let service: XRayService
  let clock = VirtualClock(start: TestService.now)
  /// Of the settings; `nil` when they are in memory.
  let directory: String?

  /// - Parameter durable: Whether the service can be reopened.
  init(durable: Bool = false) throws {
    directory = durable ? try TestService.makeDirectory() : nil
    service = try Self.open(directory, clock)
  }

  deinit {
    guard let directory else { return }
    unlink(directory + "/settings.json")
    rmdir(directory)
  }

  private static func open(_ directory: String?, _ clock: VirtualClock) throws -> XRayService {
    try XRayService(store: NoTraces(), directory: directory, clock: clock, random: RandomSource(seed: 5))
  }

  /// The service again, as after a restart of the process.
  func reopened() throws -> XRayService {
    let directory: String = try #require(directory)
    return try Self.open(directory, clock)
  }

  /// The status and the answer of a call.
  func call(_ path: String, _ body: JSONValue) async throws -> (status: Int, json: JSONValue) {
    let response = await service.answer(path: path, body: Array(body.rendered().utf8))
    return (response.status, try JSONValue(parsing: response.body.span))
  }

  /// The answer of a call that has to succeed.
  func result(_ path: String, _ body: JSONValue = [:]) async throws -> JSONValue {
    try await service.result(path, body)
  }

  /// The exception and the message of a call that has to fail, for the caller's fault.
  func failure(_ path: String, _ body: JSONValue) async throws -> (type: String, message: String) {
    let response = await service.answer(path: path, body: Array(body.rendered().utf8))
    try #require((400..<500).contains(response.status), "\(path): \(response.status)")
    let json = try JSONValue(parsing: response.body.span)
    return (response.errorType ?? "", json["Message"]?.string ?? "")
  }
}

extension XRayService {
  /// The answer of a call that has to succeed.
  func result(_ path: String, _ body: JSONValue = [:]) async throws -> JSONValue {
    let response = await answer(path: path, body: Array(body.rendered().utf8))
    let json = try JSONValue(parsing: response.body.span)
    try #require(response.status == 200, "\(path): \(json.rendered())")
    return json
  }
}

/// An empty store that forgets what it gets.
private struct NoTraces: FilteringTraceStore {
  func put(_ batch: DocumentBatch) async throws -> [SegmentOutcome] { Array(repeating: .stored, count: batch.count) }
  func traces(_ ids: [TraceID]) async throws -> [Trace] { [] }
  func summaries(_ query: TraceQuery) async throws -> TracePage {
    TracePage(summaries: [], processedCount: 0, nextToken: nil)
  }
  func serviceGraph(in range: Range<Timestamp>?) async throws -> ServiceGraph { ServiceGraph(services: []) }
  func documents() -> AsyncThrowingStream<DocumentBatch, any Error> { AsyncThrowingStream { $0.finish() } }
  func statistics() async throws -> StoreStatistics {
    StoreStatistics(
      documents: 0, traces: 0, documentBytes: 0, storedBytes: 0, received: 0, rejected: [:], tolerated: [:])
  }
  func removeTraces(lastSeenBefore moment: Timestamp) async throws -> Int { 0 }
  func close() async throws {}
}

extension JSONValue {
  /// Text of so many letters.
  static func text(_ count: Int) -> JSONValue { .string(String(repeating: "a", count: count)) }

  /// This object with other members; `null` takes one out.
  func with(_ changes: JSONValue) -> JSONValue {
    var object = object ?? [:]
    for member in changes.object?.members ?? [] {
      object[member.key] = member.value == .null ? JSONValue?.none : member.value
    }
    return .object(object)
  }
}
