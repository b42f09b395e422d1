import Logging
import Synchronization
import Testing
import XRayModel
import XRaySDK
import XRaySampler

/// A recorder on virtual time whose documents and log lines stay here.
struct Rig {
  static let start = Timestamp(seconds: 1_795_252_059)

  let emitter = CollectingEmitter()
  let clock = VirtualClock(start: Rig.start)
  let random: RandomSource
  let log = LogLines()
  let recorder: XRayRecorder

  init(
    _ environment: [String: String] = [:], configuration: RecorderConfiguration = RecorderConfiguration(),
    sampler: any SamplingDecider = FixedSampler.always, seed: UInt64 = 1,
    invocationHeader: @escaping @Sendable () -> String? = { nil }
  ) {
    random = RandomSource(seed: seed)
    let log = self.log
    recorder = XRayRecorder(
      configuration: configuration, environment: environment, clock: clock, random: random, sampler: sampler,
      emitter: emitter, logger: Logger(label: "test") { _ in log.handler }, invocationHeader: invocationHeader)
  }

  static func lambda(seed: UInt64 = 1, invocationHeader: @escaping @Sendable () -> String? = { nil }) -> Rig {
    Rig(["LAMBDA_TASK_ROOT": "/var/task", "AWS_REGION": "us-east-1"], seed: seed, invocationHeader: invocationHeader)
  }

  /// What was sent; every document must be one that X-Ray accepts.
  func sent(sourceLocation: SourceLocation = #_sourceLocation) -> [Entity] {
    for document in emitter.documents {
      let fits = document.count <= 65_477
      #expect(fits, sourceLocation: sourceLocation)
      #expect(throws: Never.self, sourceLocation: sourceLocation) { _ = try SegmentIndex(scanning: document.span) }
    }
    return emitter.entities
  }

  /// The one document that was sent.
  func only(sourceLocation: SourceLocation = #_sourceLocation) throws -> Entity {
    let entities = sent(sourceLocation: sourceLocation)
    #expect(entities.count == 1, sourceLocation: sourceLocation)
    return try #require(entities.first, sourceLocation: sourceLocation)
  }
}

/// Log lines as `level: message`.
final class LogLines: Sendable {
  private let collected = Mutex<[String]>([])
  var lines: [String] { collected.withLock { $0 } }
  fileprivate func append(_ line: String) { collected.withLock { $0.append(line) } }
  var handler: any LogHandler { Handler(lines: self) }

  private struct Handler: LogHandler {
    let lines: LogLines
    var metadataProvider: Logger.MetadataProvider?
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace
    subscript(metadataKey key: String) -> Logger.MetadataValue? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }
    func log(event: LogEvent) { lines.append("\(event.level): \(event.message)") }
  }
}

struct OrderError: Error, Equatable, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

extension Entity {
  /// This entity and all in it, parents first.
  var all: [Entity] { [self] + subsegments.flatMap(\.all) }

  subscript(name: String) -> Entity? { all.first { $0.name == name } }
}
