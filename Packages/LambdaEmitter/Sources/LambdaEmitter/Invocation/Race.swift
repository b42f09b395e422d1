import XRayModel

/// How work that has a deadline ended.
enum Raced<Value: Sendable>: Sendable {
  case finished(Value)
  case failed(any Error)
  case late
}

/// Runs `work` until `deadline`. When that passes, awaits `whenLate`, cancels the work and waits for its end.
func race<Value: Sendable>(
  until deadline: Timestamp, on clock: any WallClock, whenLate: () async -> Void,
  _ work: @escaping @Sendable () async throws -> Value
) async -> Raced<Value> {
  await withTaskGroup(of: Raced<Value>?.self) { group in
    group.addTask {
      do { return .finished(try await work()) } catch { return .failed(error) }
    }
    group.addTask {
      do { try await clock.sleep(until: deadline, tolerance: nil) } catch { return nil }
      return .late
    }
    var result = Raced<Value>.failed(CancellationError())
    for await case let first? in group {
      if case .late = first { await whenLate() }
      result = first
      break
    }
    group.cancelAll()
    return result
  }
}

extension WallClock {
  /// Waits for a time drawn from a range of milliseconds; at once when the task is cancelled.
  func wait(_ range: ClosedRange<Double>, _ random: RandomSource) async {
    guard let end = end(of: range, random) else { return }
    try? await sleep(until: end, tolerance: nil)
  }

  /// When a time that is drawn from a range of milliseconds is over; `nil` for no time at all.
  func end(of range: ClosedRange<Double>, _ random: RandomSource) -> Timestamp? {
    let milliseconds = range.lowerBound + random.fraction() * (range.upperBound - range.lowerBound)
    return milliseconds > 0 ? now.advanced(by: Duration(ticks: Int64(milliseconds * 10_000))) : nil
  }
}
