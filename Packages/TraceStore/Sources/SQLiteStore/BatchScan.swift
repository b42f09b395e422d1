import XRayModel

/// A batch after validation.
struct BatchScan: Sendable {
  var outcomes: [SegmentOutcome] = []
  /// The position of each valid document in the batch, and what is known of it.
  var accepted: [(position: Int, index: SegmentIndex)] = []
  var rejected: [String: Int] = [:]
  var tolerated: [String: Int] = [:]

  init(_ batch: DocumentBatch) {
    outcomes.reserveCapacity(batch.count)
    accepted.reserveCapacity(batch.count)
    for position in 0..<batch.count {
      do throws(SegmentRejection) {
        let index = try SegmentIndex(scanning: batch[position].span)
        accepted.append((position, index))
        outcomes.append(.stored)
        for reason in index.tolerated.names { tolerated[reason, default: 0] += 1 }
      } catch {
        rejected[error.code.rawValue, default: 0] += 1
        outcomes.append(.unprocessed(error))
      }
    }
  }
}

extension SegmentIndex.Tolerated {
  fileprivate var names: [String] {
    var names: [String] = []
    if contains(.namelessSubsegment) { names.append("NamelessSubsegment") }
    if contains(.nonFiniteMetadata) { names.append("NonFiniteMetadata") }
    if contains(.textContentLength) { names.append("TextContentLength") }
    return names
  }
}
