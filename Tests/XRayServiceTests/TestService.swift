import SQLiteStore
import Testing
import TraceFilters
import Traces
import XRayModel

@testable import XRayService

#if canImport(Glibc)
  import Glibc
#endif

/// A service over a real store in a folder of its own, which goes away with it.
final class TestService: Sendable {
  let directory: String
  let store: SQLiteTraceStore
  let service: XRayService
  let clock: VirtualClock

  /// 2026-11-21T12:00:00Z, a full minute.
  static let now = Timestamp(seconds: 1_795_262_400)

  init() throws {
    directory = try Self.makeDirectory()
    store = try SQLiteTraceStore(directory: directory)
    clock = VirtualClock(start: Self.now)
    service = try XRayService(
      store: store, directory: directory, clock: clock, random: RandomSource(seed: 5))
  }

  static func makeDirectory() throws -> String {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/fluoro-service-XXXXXX".utf8CString)
    return try template.withUnsafeMutableBufferPointer { buffer in
      try String(cString: #require(buffer.baseAddress.flatMap { mkdtemp($0) }))
    }
  }

  deinit {
    for name in [
      "fluoro.sqlite", "fluoro.sqlite-wal", "fluoro.sqlite-shm", "fluoro.sqlite.lock", "settings.json", "insights.json",
    ] {
      unlink(directory + "/" + name)
    }
    rmdir(directory)
  }

  /// Calls an operation by its path; the status and the answer.
  func call(_ path: String, _ body: JSONValue = [:]) async throws -> (status: Int, json: JSONValue) {
    let response = await service.answer(path: path, body: Array(body.rendered().utf8))
    return (response.status, try JSONValue(parsing: response.body.span))
  }

  /// The answer of a call that has to succeed.
  func result(_ path: String, _ body: JSONValue = [:]) async throws -> JSONValue {
    let (status, json) = try await call(path, body)
    try #require(status == 200, "\(path): \(json.rendered())")
    return json
  }

  /// The exception and the message of a call that has to fail.
  func failure(_ path: String, _ body: JSONValue) async throws -> (type: String, message: String) {
    let response = await service.answer(path: path, body: Array(body.rendered().utf8))
    try #require(response.status != 200, "\(path) succeeded")
    let json = try JSONValue(parsing: response.body.span)
    return (response.errorType ?? "", json["Message"]?.string ?? "")
  }

  func put(_ documents: [TestSegment]) async throws {
    let result = try await result(
      "/TraceSegments", ["TraceSegmentDocuments": .array(documents.map { .string($0.json.rendered()) })])
    try #require(result["UnprocessedTraceSegments"]?.array == [], "\(result.rendered())")
  }
}

/// A segment document.
struct TestSegment {
  var number: Int
  var name = "shop"
  /// Seconds before ``TestService/now``.
  var age: Double
  var duration = 0.5
  var fault = false
  var annotations: JSONObject = [:]
  var links: [Int] = []
  /// The one whose trace and call this segment belongs to.
  var calledBy: Int?

  static func traceID(_ number: Int) -> String {
    TraceID(epoch: 1_795_000_000, high: 7, low: UInt64(number)).description
  }

  static func id(_ number: Int) -> String { EntityID(rawValue: UInt64(0xABC0_0000 + number)).description }

  /// Of the call to the service `calledBy` this one.
  static func callID(_ number: Int) -> String { EntityID(rawValue: UInt64(0xCA11_0000_0000 + number)).description }

  var start: Double { TestService.now.seconds - age }

  var json: JSONValue {
    var object: JSONObject = [
      "trace_id": .string(Self.traceID(calledBy ?? number)), "id": .string(Self.id(number)), "name": .string(name),
      "start_time": .number(JSONNumber(start)), "end_time": .number(JSONNumber(start + duration)),
      "http": ["request": ["method": "GET", "url": "http://shop/"], "response": ["status": fault ? 500 : 200]],
    ]
    if fault { object["fault"] = true }
    if !annotations.isEmpty { object["annotations"] = .object(annotations) }
    if let calledBy {
      object["parent_id"] = .string(Self.callID(calledBy))
    } else {
      object["subsegments"] = [
        [
          "id": .string(Self.callID(number)), "name": "orders", "namespace": "remote",
          "start_time": .number(JSONNumber(start)), "end_time": .number(JSONNumber(start + duration)),
        ]
      ]
    }
    if !links.isEmpty {
      object["links"] = .array(links.map { ["trace_id": .string(Self.traceID($0)), "id": .string(Self.id($0))] })
    }
    return .object(object)
  }
}

extension JSONValue {
  /// A moment so many seconds after ``TestService/now``, as clients send it.
  static func time(_ seconds: Double) -> JSONValue { .number(JSONNumber(TestService.now.seconds + seconds)) }
}
