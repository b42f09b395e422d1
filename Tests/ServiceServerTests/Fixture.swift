import CZlib
import DaemonServer
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import SQLiteStore
import ServiceServer
import Testing
import XRayDaemon
import XRayHTTP
import XRayModel
import XRayService

/// The suite of suites: one service at a time, so that its times are not disturbed.
@Suite(.serialized) struct ServiceServerTests {}

/// A service on a free port with a store in a folder of its own.
struct TestService {
  let port: Int
  let store: SQLiteTraceStore
  let daemon: Daemon
  let server: BoundService
  let client: HTTPClient

  func get(_ path: String, headers: HTTPHeaders = [:]) async throws -> HTTPResponse {
    try await client.execute(HTTPRequest(.GET, path: path, headers: headers))
  }

  func post(_ path: String, _ body: [UInt8], headers: HTTPHeaders = [:]) async throws -> HTTPResponse {
    try await client.execute(HTTPRequest(.POST, path: path, headers: headers, body: body))
  }

  func post(_ path: String, _ body: String, headers: HTTPHeaders = [:]) async throws -> HTTPResponse {
    try await post(path, Array(body.utf8), headers: headers)
  }
}

func withService(
  _ configure: (inout ServiceServer.Configuration) -> Void = { _ in },
  _ body: (TestService) async throws -> Void
) async throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "fluoro-service-\(UUID().uuidString)").path
  defer { try? FileManager.default.removeItem(atPath: folder) }
  let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  let store = try SQLiteTraceStore(directory: folder)
  var receiving = Daemon.Configuration()
  receiving.address.port = 0
  receiving.batchInterval = .milliseconds(10)
  let daemon = try Daemon(configuration: receiving, sink: store, logger: logger)
  var configuration = ServiceServer.Configuration()
  // Tests run beside a thousand others: a client may take its time between two steps.
  configuration.server.headerTimeout = .seconds(600)
  configuration.server.requestTimeout = .seconds(600)
  configuration.server.port = 0
  configure(&configuration)
  let server = try await ServiceServer(
    configuration: configuration, service: try XRayService(store: store), store: store, daemon: daemon, logger: logger
  ).start()
  let client = HTTPClient(
    endpoint: HTTPEndpoint(host: "127.0.0.1", port: server.port), deadline: .seconds(600), bodyLimit: 16 << 20)
  let running = Task { try await daemon.run() }
  let result: Result<Void, any Error>
  do {
    result = .success(
      try await body(TestService(port: server.port, store: store, daemon: daemon, server: server, client: client)))
  } catch {
    result = .failure(error)
  }
  await client.close()
  await server.close(deadline: .zero)
  #expect(server.counts.connectionsOpen == 0)
  daemon.stop()
  try await running.value
  try await store.close()
  try result.get()
}

/// Waits until something has come to be.
func eventually(
  _ location: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
  for _ in 0..<60_000 {
    if try await condition() { return }
    try await Task.sleep(for: .milliseconds(10))
  }
  Issue.record("did not happen", sourceLocation: location)
}

extension HTTPResponse {
  var text: String { String(decoding: body, as: UTF8.self) }
  var errorType: String? { headers.first(name: "x-amzn-ErrorType") }
  func json() throws -> JSONValue { try JSONValue(parsing: body.span) }
}

/// A segment that begins now, and its trace.
struct Sample {
  let trace: TraceID
  let document: String

  init(name: String = "shop", random: RandomSource = RandomSource()) {
    let now = SystemClock().now
    trace = random.traceID(at: now)
    document =
      #"{"name":"\#(name)","id":"\#(random.entityID())","trace_id":"\#(trace)","#
      + #""start_time":\#(now.wholeSeconds),"end_time":\#(now.wholeSeconds).5}"#
  }

  /// The body of `PutTraceSegments`.
  var put: String {
    var writer = JSONWriter()
    writer.object { writer in
      writer.key("TraceSegmentDocuments")
      writer.array { $0.string(document) }
    }
    return writer.text
  }

  /// The body of `BatchGetTraces`.
  var get: String { #"{"TraceIds":["\#(trace)"]}"# }
}

/// `bytes` as one member of gzip.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
  var stream = z_stream()
  deflateInit2_(
    &stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
  defer { deflateEnd(&stream) }
  var input = bytes
  var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
  let count = input.withUnsafeMutableBufferPointer { input in
    output.withUnsafeMutableBufferPointer { output in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      stream.next_out = output.baseAddress
      stream.avail_out = UInt32(output.count)
      deflate(&stream, Z_FINISH)
      return output.count - Int(stream.avail_out)
    }
  }
  return Array(output.prefix(count))
}
