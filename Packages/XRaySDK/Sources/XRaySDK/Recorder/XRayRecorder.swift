public import Logging
package import ServiceContextModule
import Synchronization
public import XRayModel
public import XRaySampler

/// Records segments and subsegments, and sends them to the daemon.
///
/// A program has one. It is the current task, not the recorder, that knows the current segment.
public final class XRayRecorder: Sendable {
  /// Written as `aws.xray.sdk`.
  public static let sdkName = "fluoro for Swift"
  public static let version = "0.1.0"

  /// What was configured, after the environment had its say.
  public let configuration: RecorderConfiguration
  /// Whether this is a Lambda function: Lambda records the segment, and only subsegments are sent.
  public let isLambda: Bool
  public let clock: any WallClock
  let random: RandomSource
  let sampler: any SamplingDecider
  let logger: Logger
  let output: DocumentOutput
  let environment: [String: String]
  /// The `service` and `aws` blocks of every segment.
  let blocks: (service: JSONObject, aws: JSONObject)
  private let invocationHeader: @Sendable () -> String?
  /// The header that the latest facade was made from, as text, and the facade.
  private let facade = Mutex<(text: String, scope: TraceScope)?>(nil)

  /// - Parameters:
  ///   - environment: Variables that win over `configuration`.
  ///   - random: Ids come from it; the default is the system's secure generator.
  ///   - sampler: Asked where no service upstream has decided. By default one request per second and
  ///     5 percent of the others.
  ///   - invocationHeader: In Lambda, the header of the present invocation, outside of ``withInvocation(header:_:)``.
  ///     By default `_X_AMZN_TRACE_ID`, which the runtimes of several languages set.
  public init(
    configuration: RecorderConfiguration = RecorderConfiguration(),
    environment: [String: String] = ProcessEnvironment.current,
    clock: any WallClock = SystemClock(), random: RandomSource = RandomSource(),
    sampler: (any SamplingDecider)? = nil, emitter: any SegmentEmitter,
    logger: Logger = Logger(label: "fluoro.xray"),
    invocationHeader: @escaping @Sendable () -> String? = { ProcessEnvironment.value(TraceHeader.environmentName) }
  ) {
    var configuration = configuration
    for problem in configuration.apply(environment) { logger.warning("\(problem)") }
    isLambda = environment["LAMBDA_TASK_ROOT"] != nil
    if isLambda { configuration.streamingThreshold = 0 }
    self.configuration = configuration
    self.clock = clock
    self.random = random
    self.sampler = sampler ?? LocalSampler(clock: clock, random: random)
    self.logger = logger
    self.environment = environment
    self.invocationHeader = invocationHeader
    output = DocumentOutput(emitter: emitter, logger: logger)
    blocks = Self.blocks(configuration)
  }

  /// A recorder that sends to the daemon at `AWS_XRAY_DAEMON_ADDRESS`, or at 127.0.0.1:2000.
  public convenience init(
    configuration: RecorderConfiguration = RecorderConfiguration(),
    environment: [String: String] = ProcessEnvironment.current,
    clock: any WallClock = SystemClock(), random: RandomSource = RandomSource(),
    sampler: (any SamplingDecider)? = nil, logger: Logger = Logger(label: "fluoro.xray")
  ) throws(DaemonAddressError) {
    let address = try environment["AWS_XRAY_DAEMON_ADDRESS"].map(DaemonAddress.init(parsing:)) ?? .default
    let emitter = DatagramEmitter(to: address.udp)
    if !emitter.isResolved { logger.warning("the X-Ray daemon's host \(address.udp.host) has no address") }
    self.init(
      configuration: configuration, environment: environment, clock: clock, random: random, sampler: sampler,
      emitter: emitter, logger: logger)
  }

  /// What was made so far. What the network did with it is in ``DatagramEmitter/counts-swift.property``.
  public var counts: RecorderCounts { output.counts }

  private static func blocks(_ configuration: RecorderConfiguration) -> (service: JSONObject, aws: JSONObject) {
    var service: JSONObject = ["runtime": "Swift", "runtime_version": .string(swiftVersion)]
    service["version"] = configuration.serviceVersion.map { .string($0) }
    var aws = configuration.aws
    aws["xray"] = ["sdk": .string(sdkName), "sdk_version": .string(version)]
    return (service, aws)
  }

  // MARK: The current entity

  /// What the current task is part of.
  package var currentScope: TraceScope { scope(in: ServiceContext.current) }

  /// What work in `context` is part of. In Lambda, what an event brought from upstream counts less than the invocation.
  package func scope(in context: ServiceContext?) -> TraceScope {
    switch context?.traceScope?.kind {
    case .recorded(let record, let id)?: TraceScope(.recorded(record, id))
    case .passing(let header)?: TraceScope(.passing(header))
    case .upstream(let header)? where !isLambda: TraceScope(.upstream(header))
    case .none?: .none
    case .upstream?, nil: isLambda ? currentFacade : .none
    }
  }

  /// The tracing header for a call that is made right now; `nil` outside of any trace.
  public var currentHeader: TraceHeader? { currentScope.header }

  /// The facade of the present invocation. Made anew when anything in the header differs: a retry has the
  /// trace of the first attempt, but another parent.
  private var currentFacade: TraceScope {
    guard let text = invocationHeader(), !text.isEmpty else { return .none }
    if let known = facade.withLock({ $0 }), known.text == text { return known.scope }
    let scope = facadeScope(text)
    facade.withLock { $0 = (text, scope) }
    return scope
  }

  /// The segment that Lambda records for an invocation, as the parent of our subsegments.
  func facadeScope(_ text: String) -> TraceScope {
    let header: TraceHeader
    do throws(TraceHeaderError) {
      header = try TraceHeader(parsing: text)
    } catch {
      logger.warning("nothing is recorded in this invocation: \(error)")
      return .none
    }
    guard configuration.isEnabled, header.sampling == .sampled, let parent = header.parent else {
      return TraceScope(.passing(header))
    }
    let root = Entity(.segment, id: parent, name: nil, traceID: header.root, start: clock.now)
    let record = SegmentRecord(
      root: root, isFacade: true, upstream: header, streamingThreshold: 0, clock: clock, random: random,
      output: output)
    return TraceScope(.recorded(record, parent))
  }
}

/// The version of the language that this was compiled with.
private var swiftVersion: String {
  #if compiler(>=6.4)
    "6.4"
  #elseif compiler(>=6.3)
    "6.3"
  #else
    "6.2"
  #endif
}
