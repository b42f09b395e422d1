import RemoteSink
import Synchronization
import XRayModel

/// A sink whose API can be exchanged while documents flow, when the configuration is read again.
final class Outlet: SegmentSink {
  private let current: Mutex<XRayAPI>

  init(_ api: XRayAPI) { current = Mutex(api) }

  var api: XRayAPI {
    get { current.withLock { $0 } }
    set { current.withLock { $0 = newValue } }
  }

  func put(_ batch: DocumentBatch) async throws -> [SegmentOutcome] { try await RemoteSink(api: api).put(batch) }
}
