import Glibc
import Synchronization
import XRayModel

/// Writes documents to `segments.ndjson` in a folder, one a line.
final class DocumentWriter: SegmentEmitter {
  private struct State {
    var bytes: [UInt8] = []
    /// The first one; what comes after it is not written.
    var failure: Failure?
  }

  private static let bufferedBytes = 1 << 20
  private let state = Mutex(State())
  private let file: Output

  init(folder: String) throws(Failure) {
    guard mkdir(folder, 0o755) == 0 || errno == EEXIST else {
      throw .unreachable("cannot make \(folder): \(Console.systemError)")
    }
    file = try Output(path: folder + "/segments.ndjson")
  }

  func emit(_ document: [UInt8]) {
    state.withLock { state in
      state.bytes += document
      state.bytes.append(UInt8(ascii: "\n"))
      if state.bytes.count >= Self.bufferedBytes { flush(&state) }
    }
  }

  /// Writes what is left. Throws when a document could not be written.
  func close() throws(Failure) {
    let failure = state.withLock { state in
      flush(&state)
      return state.failure
    }
    if let failure { throw failure }
  }

  private func flush(_ state: inout State) {
    defer { state.bytes.removeAll(keepingCapacity: true) }
    guard state.failure == nil else { return }
    do throws(Failure) { try file.write(state.bytes) } catch { state.failure = error }
  }
}
