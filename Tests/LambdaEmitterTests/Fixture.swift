import EventSources
import LambdaEmitter
import Synchronization
import XRayModel
import XRaySampler

/// Keeps what is emitted, in order.
final class Recorder: SegmentEmitter {
  private let kept = Mutex<[[UInt8]]>([])

  func emit(_ document: [UInt8]) { kept.withLock { $0.append(document) } }

  var documents: [[UInt8]] { kept.withLock { $0 } }
  var entities: [Entity] { documents.compactMap { try? Entity(document: $0.span) } }
  var services: [Entity] { entities.filter { $0.origin == "AWS::Lambda" } }
  var functions: [Entity] { entities.filter { $0.origin == "AWS::Lambda::Function" } }
  func named(_ name: String) -> [Entity] { entities.filter { $0.name == name } }
}

/// A list that concurrent code may add to.
final class Notes<Element: Sendable>: Sendable {
  private let kept = Mutex<[Element]>([])
  func add(_ element: Element) { kept.withLock { $0.append(element) } }
  var all: [Element] { kept.withLock { $0 } }
}

/// Says yes, and counts how often it was asked.
final class CountingSampler: SamplingDecider {
  private let asked = Mutex(0)
  let answer: Bool
  init(_ answer: Bool) { self.answer = answer }
  var count: Int { asked.withLock { $0 } }
  func decide(_ request: SamplingRequest) -> SamplingDecision {
    asked.withLock { $0 += 1 }
    return SamplingDecision(isSampled: answer)
  }
}

let roleARN = "arn:aws:iam::123456789012:role/worker"
let bareRoleARN = "arn:aws:iam::123456789012:role/bare"
let startOfTime = Timestamp(seconds: Int64(1_700_000_000))

struct Broken: Error, CustomStringConvertible { var description = "the order has no items" }

/// A service in virtual time with a role that may trace and one that may not.
struct Fixture: Sendable {
  let service: LambdaService
  let clock: VirtualClock
  let recorder: Recorder
  let random: RandomSource

  /// Runs `body` in a simulation, while events are worked off, and returns what was emitted.
  @discardableResult
  static func run(
    seed: UInt64 = 1, sampler: any SamplingDecider = FixedSampler.always, concurrency: Int = 1000,
    timing: InvocationTiming = .recorded, beyondAWS: BeyondAWS = [],
    _ body: @escaping @Sendable (Fixture) async throws -> Void
  ) async throws -> Recorder {
    let recorder = Recorder()
    try await Simulation.run(from: startOfTime) { clock in
      let random = RandomSource(seed: seed)
      let service = LambdaService(
        clock: clock, random: random, sampler: sampler, emitter: recorder, timing: timing, concurrency: concurrency,
        beyondAWS: beyondAWS)
      service.putRole(try ExecutionRole(arn: roleARN, managedPolicies: ["AWSXRayDaemonWriteAccess"]))
      service.putRole(ExecutionRole(arn: bareRoleARN))
      let fixture = Fixture(service: service, clock: clock, recorder: recorder, random: random)
      try await service.serving { _ in try await body(fixture) }
    }
    return recorder
  }

  /// Creates a function in active mode whose handler takes `milliseconds`.
  @discardableResult
  func function(
    _ name: String = "worker", milliseconds: Int = 20, initialization: Int = 300,
    _ change: (inout FunctionConfiguration) -> Void,
    handler: @escaping ClosureRuntime.Handler = { event, _ in event.bytes }
  ) throws -> FunctionVersion {
    var configuration = FunctionConfiguration(name: name, role: roleARN)
    configuration.tracingMode = .active
    change(&configuration)
    return try service.createFunction(
      configuration, initialize: { try await $0.clock.sleep(for: .milliseconds(initialization)) }
    ) { event, context in
      try await context.clock.sleep(for: .milliseconds(milliseconds))
      return try await handler(event, context)
    }
  }

  @discardableResult
  func function(
    _ name: String = "worker", milliseconds: Int = 20, initialization: Int = 300,
    handler: @escaping ClosureRuntime.Handler = { event, _ in event.bytes }
  ) throws -> FunctionVersion {
    try function(name, milliseconds: milliseconds, initialization: initialization, { _ in }, handler: handler)
  }
}

extension Entity {
  /// The subsegment `name` that is embedded in this entity.
  func part(_ name: String) -> Entity? { subsegments.first { $0.name == name } }
  var partNames: [String] { subsegments.compactMap(\.name).sorted() }
}

extension Timestamp {
  /// Seconds since `earlier`.
  func since(_ earlier: Timestamp) -> Double { earlier.duration(to: self).inSeconds }
}

/// The error that `body` throws.
func refusal(_ body: () async throws -> Void) async -> LambdaError? {
  do {
    try await body()
    return nil
  } catch {
    return error as? LambdaError
  }
}

/// The body of a message as JSON.
func read(_ message: QueueMessage?) throws -> JSONValue {
  guard let message else { return .null }
  return try JSONValue(parsing: message.body.span)
}
