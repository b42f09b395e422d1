import DaemonServer
import NIOCore
import NIOHTTP1
import SpanIntake
import Synchronization
import Traces
import XRayModel

/// How spans of other systems come in.
enum SpanProtocol: String, CaseIterable {
  case otlp, zipkin
}

/// Puts spans into the store as segments, and keeps the account of what became of them.
final class SpanStore: Sendable {
  struct Count {
    var taken = 0
    var rejected = 0
  }

  /// Since the start.
  struct Counts {
    private var counts: [SpanProtocol: Count] = [:]

    subscript(kind: SpanProtocol) -> Count {
      get { counts[kind] ?? Count() }
      set { counts[kind] = newValue }
    }
  }

  private struct State {
    var counts = Counts()
    var report = FidelityReport()
  }

  private let store: any TraceStore
  private let state = Mutex(State())

  typealias Response = DaemonServer.Application.Response

  init(store: any TraceStore) { self.store = store }

  var counts: Counts { state.withLock { $0.counts } }
  var report: FidelityReport { state.withLock { $0.report } }

  /// Answers as the protocol has it, after the spans are stored.
  func take(_ body: [UInt8], _ kind: SpanProtocol, _ headers: HTTPHeaders) async -> Response {
    switch kind {
    case .otlp: await takeOTLP(body, contentType: headers.first(name: "Content-Type") ?? "")
    case .zipkin: await takeZipkin(body)
    }
  }

  private func takeOTLP(_ body: [UInt8], contentType: String) async -> Response {
    guard let encoding = OTLPEncoding(contentType: contentType) else {
      return .text(.unsupportedMediaType, "Content-Type may be application/x-protobuf or application/json")
    }
    do throws(SpanFailure) {
      let request: OTLPRequest
      do throws(IntakeError) {
        request =
          switch encoding {
          case .protobuf: try OTLPRequest(protobuf: body)
          case .json: try OTLPRequest(json: body)
          }
      } catch {
        throw .unreadable(error)
      }
      let (rejected, message) = try await put(SpanConversion(request), .otlp)
      return .otlp(.ok, OTLPResponse.success(rejectedSpans: rejected, message: message, encoding), encoding)
    } catch {
      let body = OTLPResponse.failure(code: error.rpcCode, message: error.message, encoding)
      return .otlp(error.status, body, encoding)
    }
  }

  private func takeZipkin(_ body: [UInt8]) async -> Response {
    do throws(SpanFailure) {
      let request: ZipkinRequest
      do throws(IntakeError) { request = try ZipkinRequest(json: body) } catch { throw .unreadable(error) }
      _ = try await put(SpanConversion(request), .zipkin)
      return Response(status: .accepted)
    } catch {
      return .text(error.status, error.message)
    }
  }

  /// Stores what can be, and tells how many spans were not, and why.
  private func put(
    _ conversion: SpanConversion, _ kind: SpanProtocol
  ) async throws(SpanFailure) -> (rejected: Int, message: String) {
    let outcomes: [SegmentOutcome]
    do { outcomes = try await store.put(conversion.documents) } catch { throw .notStored("\(error)") }
    var messages = conversion.rejections.isEmpty ? [] : [conversion.rejectionMessage]
    var rejected = conversion.rejectedSpans
    var refused: [String: Int] = [:]
    for outcome in outcomes {
      switch outcome {
      case .stored: break
      case .unprocessed(let rejection): refused[rejection.message, default: 0] += 1
      // Putting all of them again stores none of them twice.
      case .deferred(_, let message): throw .notStored(message)
      }
    }
    for (message, count) in refused.sorted(by: { $0.key < $1.key }).prefix(Self.shownRefusals) {
      messages.append("\(count) refused by the store: \(message)")
    }
    rejected += refused.values.reduce(0, +)
    state.withLock {
      $0.counts[kind].taken += outcomes.count + conversion.rejectedSpans - rejected
      $0.counts[kind].rejected += rejected
      $0.report.merge(conversion.report)
    }
    return (rejected, messages.joined(separator: "; "))
  }

  /// Messages may name ids: there may be as many as spans.
  private static let shownRefusals = 3
}

/// Why a request's spans were not taken, all of them.
private enum SpanFailure: Error {
  case unreadable(IntakeError)
  /// It may be sent again.
  case notStored(String)

  var status: HTTPResponseStatus {
    switch self {
    case .unreadable(let error): error.reason == .tooLarge ? .payloadTooLarge : .badRequest
    case .notStored: .serviceUnavailable
    }
  }

  /// As gRPC counts: a resource exhausted, an invalid argument, unavailable.
  var rpcCode: Int {
    switch self {
    case .unreadable(let error): error.reason == .tooLarge ? 8 : 3
    case .notStored: 14
    }
  }

  var message: String {
    switch self {
    case .unreadable(let error): error.description
    case .notStored(let message): message
    }
  }
}

extension DaemonServer.Application.Response {
  fileprivate static func otlp(_ status: HTTPResponseStatus, _ body: [UInt8], _ encoding: OTLPEncoding) -> Self {
    Self(status: status, headers: ["Content-Type": encoding.contentType], body: ByteBuffer(bytes: body))
  }

  fileprivate static func text(_ status: HTTPResponseStatus, _ text: String) -> Self {
    Self(status: status, headers: ["Content-Type": "text/plain; charset=utf-8"], body: ByteBuffer(string: text + "\n"))
  }
}
