import Synchronization
import XRayModel

/// Where the documents of the service and of its environments leave: counts every one, sent or lost.
final class Outlet: Sendable {
  private let emitter: any SegmentEmitter
  private let counts = Mutex(LedgerHop(name: "lambda"))

  init(_ emitter: any SegmentEmitter) { self.emitter = emitter }

  var ledger: LedgerHop { counts.withLock { $0 } }

  /// Sends `document`, or counts it as dropped when there is a reason.
  func pass(_ document: [UInt8], unless loss: String? = nil) {
    counts.withLock { counts in
      counts.received += 1
      if let loss { counts.dropped[loss, default: 0] += 1 } else { counts.passedOn += 1 }
    }
    if loss == nil { emitter.emit(document) }
  }

  /// Counts documents that never came this far.
  func lose(_ count: Int, because reason: String) {
    counts.withLock { counts in
      counts.received += count
      counts.dropped[reason, default: 0] += count
    }
  }

  /// Counts what was sent as a document and is none.
  func refuse(because reason: String) {
    counts.withLock { counts in
      counts.received += 1
      counts.rejected[reason, default: 0] += 1
    }
  }
}
