import XRayModel

/// Downstream services that only take time, drawn from ranges that are usual for them.
struct SimulatedDownstream: Downstream {
  let clock: any WallClock
  let random: RandomSource

  func call(_ call: AWSCall, header: TraceHeader?) async throws -> Answer {
    try await wait(call.service == "S3" ? 18...95 : 4...22)
    let length = call.operation == "GetObject" ? 1_024 : 0
    return Answer(status: 200, contentLength: length, requestID: random.requestID())
  }

  func get(_ url: String, header: TraceHeader?) async throws -> Answer {
    try await wait(120...480)
    return Answer(status: 200, contentLength: 70_112)
  }

  func execute(_ statement: String) async throws { try await wait(0.6...7) }

  private func wait(_ milliseconds: ClosedRange<Double>) async throws {
    let drawn = milliseconds.lowerBound + random.fraction() * (milliseconds.upperBound - milliseconds.lowerBound)
    try await clock.sleep(for: .microseconds(Int64(drawn * 1000)))
  }
}
