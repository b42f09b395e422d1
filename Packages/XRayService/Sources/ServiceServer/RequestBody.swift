import DaemonServer
import NIOCore
import Synchronization
import XRayService

/// The body of a request as it was meant: inflated where it was sent compressed.
struct RequestBody {
  let bytes: [UInt8]
  /// Of ``BodyMemory``, to be released by whoever is done with the body.
  let reservedBytes: Int

  /// - Parameter limit: Bytes that the body may have inflated.
  init(
    of request: DaemonServer.Application.Request, limit: Int, memory: BodyMemory
  ) throws(APIError) {
    let encodings = request.head.headers[canonicalForm: "content-encoding"].map { $0.lowercased() }
      .filter { $0 != "identity" }
    switch encodings.first {
    case nil:
      bytes = Array(request.body.readableBytesView)
      reservedBytes = 0
    case "gzip" where encodings.count == 1, "x-gzip" where encodings.count == 1:
      (bytes, reservedBytes) = try Self.inflate(request.body, limit: limit, memory)
    default:
      throw APIError(
        type: "UnsupportedMediaTypeException", status: 415, message: "Content-Encoding may be gzip or identity")
    }
  }

  private static func inflate(
    _ body: ByteBuffer, limit: Int, _ memory: BodyMemory
  ) throws(APIError) -> (bytes: [UInt8], reserved: Int) {
    var bytes: [UInt8] = []
    var reserved = 0
    do throws(Gunzip.Failure) {
      try Gunzip.inflate(body) { piece throws(Gunzip.Failure) in
        guard bytes.count + piece.count <= limit else { throw .tooLarge }
        guard memory.reserve(piece.count) else { throw .noMemory }
        reserved += piece.count
        bytes.append(contentsOf: piece)
      }
      return (bytes, reserved)
    } catch {
      memory.release(reserved)
      switch error {
      case .malformed:
        throw APIError(type: "SerializationException", message: "The body is not complete gzip")
      case .tooLarge:
        throw APIError(
          type: "RequestEntityTooLargeException", status: 413, message: "The body has more than \(limit) bytes inflated"
        )
      case .noMemory:
        throw APIError(
          type: "ServiceUnavailableException", status: 503, message: "Too many large requests at the same time")
      }
    }
  }
}

/// Memory for bodies that are larger than what was received.
final class BodyMemory: Sendable {
  private let free: Mutex<Int>

  /// - Parameter limit: In bytes.
  init(limit: Int) { free = Mutex(limit) }

  /// `false` when there is none left.
  func reserve(_ bytes: Int) -> Bool {
    free.withLock { free in
      guard bytes <= free else { return false }
      free -= bytes
      return true
    }
  }

  func release(_ bytes: Int) { free.withLock { $0 += bytes } }
}
