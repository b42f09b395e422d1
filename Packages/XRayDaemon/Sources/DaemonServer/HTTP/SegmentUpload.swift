import NIOCore
import XRayModel

/// Answers `POST /TraceSegments` as X-Ray does, with the daemon's buffer as the place where documents go.
struct SegmentUpload {
  let service: Service

  func answer(_ body: ByteBuffer) throws(RefusedRequest) -> Answer {
    let parsed = body.withUnsafeReadableBytes { raw in
      raw.withMemoryRebound(to: UInt8.self) { try? JSONValue(parsing: $0.span) }
    }
    guard let elements = parsed?["TraceSegmentDocuments"]?.array else {
      throw malformed("a JSON object with the array TraceSegmentDocuments is needed")
    }
    // All or nothing is malformed: a client must not have to find out which were taken.
    var documents = elements.compactMap(\.string)
    guard documents.count == elements.count else { throw malformed("documents are strings that hold JSON") }
    return .json { writer in
      writer.key("UnprocessedTraceSegments")
      writer.array { writer in
        for index in documents.indices {
          documents[index].withUTF8 { take($0, &writer) }
        }
      }
    }
  }

  private func malformed(_ message: String) -> RefusedRequest {
    RefusedRequest(.badBody, .badRequest, message, path: Route.segments.label)
  }

  private func take(_ document: UnsafeBufferPointer<UInt8>, _ writer: inout JSONWriter) {
    guard document.count <= service.configuration.documentBytes else {
      service.tally.update { $0.documentsRejected += 1 }
      let message =
        "Invalid segment. ErrorCode: InvalidSegment, Cause: over \(service.configuration.documentBytes) bytes"
      return name(document, SegmentRejection.Code.invalidSegment.rawValue, message, &writer)
    }
    switch service.handlers.accept(document.span, false) {
    case .accepted: service.tally.update { $0.documentsAccepted += 1 }
    case .noRoom:
      service.tally.update { $0.documentsReturned += 1 }
      name(document, "ThrottledException", "The daemon's buffer is full. Try again.", &writer)
    case .rejected(let reason):
      service.tally.update { $0.documentsRejected += 1 }
      name(document, SegmentRejection.Code.invalidSegment.rawValue, reason, &writer)
    }
  }

  /// Writes an entry for a document that was not taken.
  private func name(
    _ document: UnsafeBufferPointer<UInt8>, _ code: String, _ message: String, _ writer: inout JSONWriter
  ) {
    writer.object { writer in
      if let id = id(of: document) { writer.member("Id", id) }
      writer.member("ErrorCode", code)
      writer.member("Message", message)
    }
  }

  private func id(of document: UnsafeBufferPointer<UInt8>) -> String? {
    do throws(SegmentRejection) {
      return try SegmentIndex(scanning: document.span).id.description
    } catch {
      return error.id
    }
  }
}
