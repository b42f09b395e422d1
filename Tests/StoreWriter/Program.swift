import Glibc
import XRayModel

// Small blocks are for tests, which are built for debugging; other builds only have to succeed.
#if DEBUG
  @testable import SQLiteStore
#else
  import SQLiteStore
#endif

/// Puts documents into a store until it is killed, and tells what was answered, a line each:
///
///     put N        every document before number N was answered
///     removing N   every trace may go from now on of which no document has a number from N on ...
///     removed N    ... and now they are gone
///
/// Arguments: the directory, the seed, the number of the first document, and the documents in a block.
@main
enum Program {
  /// Retention is asked for after so many batches, ...
  private static let batchesBetweenRemovals = 24
  /// ... and leaves so many documents.
  private static let kept = 400

  static func main() async throws {
    let arguments = CommandLine.arguments
    let numbers = arguments.dropFirst(2).compactMap { Int($0) }
    guard numbers.count == 3 else { exit(2) }
    let (seed, first, blockDocuments) = (UInt64(numbers[0]), numbers[1], numbers[2])

    let clock = VirtualClock(start: WrittenDocuments.arrival(first))
    var options = SQLiteTraceStore.Options()
    #if DEBUG
      options.blockDocuments = blockDocuments
    #endif
    let store = try SQLiteTraceStore(directory: arguments[1], options: options, clock: clock)
    var written = WrittenDocuments(seed: seed)
    var next = first
    while true {
      let end = next + WrittenDocuments.batch
      written.make(end)
      clock.advance(by: clock.now.duration(to: WrittenDocuments.arrival(next)))
      let outcomes = try await store.put(DocumentBatch(written.documents[next..<end]))
      guard outcomes.allSatisfy({ $0 == .stored }) else { exit(3) }
      next = end
      say("put \(next)")
      guard next / WrittenDocuments.batch % batchesBetweenRemovals == 0, next > kept else { continue }
      say("removing \(next - kept)")
      try await store.removeTraces(lastSeenBefore: WrittenDocuments.arrival(next - kept))
      say("removed \(next - kept)")
    }
  }

  /// Not kept back for a fuller buffer, as `print` does.
  private static func say(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    guard write(STDOUT_FILENO, bytes, bytes.count) == bytes.count else { exit(4) }
  }
}
