import LambdaEmitter
import Synchronization
import XRayModel
import XRaySDK

/// Functions that fail, and what Lambda does about it.
extension Scenario {
  private struct StockError: Error, CustomStringConvertible {
    var description: String
  }

  static let flaky = Scenario(
    title: "An event whose function fails twice and then succeeds, one and two minutes later", functions: ["flaky"],
    expectations: [Expectation(function: "flaky", attempts: 3, faults: 2)], runsLive: false
  ) { stage in
    let attempts = Mutex(0)
    try stage.function("flaky") { function in
      let attempt = attempts.withLock { attempts in
        attempts += 1
        return attempts
      }
      try await function.recorder.withSubsegment("reserve stock") { subsegment in
        subsegment.annotate("attempt", .number(JSONNumber(attempt)))
        try await function.work(milliseconds: 25)
        if attempt < 3 { throw StockError(description: "the warehouse does not answer") }
      }
      return ["attempt": .number(JSONNumber(attempt))]
    }
    try await stage.lambda.invoke("flaky", type: .event)
  }

  static let deadLetters = "arn:aws:sqs:us-east-1:\(DemoStage.account):dead-letters"

  static let doomed = Scenario(
    title: "An event whose function always fails and which ends as a dead letter", functions: ["doomed"],
    expectations: [Expectation(function: "doomed", attempts: 3, faults: 3)], runsLive: false
  ) { stage in
    try stage.function("doomed", { $0.deadLetterTarget = deadLetters }) { function in
      try await function.aws(.getObject(bucket: "orders-bucket", key: "orders/none.json"))
      throw StockError(description: "order none.json has no items")
    }
    try await stage.lambda.invoke("doomed", payload: Array(#"{"order":"none"}"#.utf8), type: .event)
  }

  static let burst = Scenario(
    title: "Six calls at once to a function that may run twice at a time: the others are throttled",
    functions: ["limited"],
    expectations: [Expectation(function: "limited", traces: 6, attempts: 2, throttles: 4, coldStarts: 2)]
  ) { stage in
    try stage.function("limited") { function in
      try await function.work(milliseconds: 200)
      return [:]
    }
    try stage.lambda.reserveConcurrency(2, for: "limited")
    let throttled = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 1...6 {
        let header = TraceHeader(root: stage.random.traceID(at: stage.clock.now), sampling: .sampled)
        group.addTask {
          do throws(LambdaError) {
            _ = try await stage.lambda.invoke("limited", traceHeader: header.description)
            return false
          } catch {
            guard error.code == .tooManyRequests else { throw error }
            return true
          }
        }
      }
      return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    guard throttled == 4 else { throw Unexpected("\(throttled) of 6 calls were throttled, not 4") }
  }

  static let timeout = Scenario(
    title: "A function that takes longer than its timeout", functions: ["slow-report"],
    expectations: [Expectation(function: "slow-report", faults: 1, lost: 1)]
  ) { stage in
    try stage.function("slow-report", { $0.timeoutSeconds = 1 }) { function in
      try await function.aws(.getObject(bucket: "orders-bucket", key: "reports/2025.csv"))
      try await function.recorder.withSubsegment("sum up") { _ in try await function.work(milliseconds: 4_000) }
      return [:]
    }
    let result = try await stage.lambda.invoke("slow-report")
    guard result.functionError != nil else { throw Unexpected("the function did not time out") }
  }
}
