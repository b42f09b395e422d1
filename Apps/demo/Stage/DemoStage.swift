import LambdaEmitter
import Logging
import XRayModel
import XRaySDK
import XRaySampler

/// Everything that the scenarios act with: the simulated Lambda service, an API in front of it, a web server that
/// calls functions, and the way of all their documents to the daemon.
struct DemoStage: Sendable {
  static let account = "123456789012"
  static let role = "arn:aws:iam::\(account):role/demo"

  let lambda: LambdaService
  let api: ApiGatewayStage
  /// The recorder of `web-frontend`, a server that calls functions with the SDK.
  let frontend: XRayRecorder
  let clock: any WallClock
  let random: RandomSource
  let downstream: any Downstream
  let logger: Logger
  let isLive: Bool

  init(
    clock: any WallClock, random: RandomSource, downstream: any Downstream, emitter: any SegmentEmitter,
    daemonPort: Int, isLive: Bool, logger: Logger
  ) throws {
    self.clock = clock
    self.random = random
    self.downstream = downstream
    self.isLive = isLive
    self.logger = logger
    // In virtual time the scenarios lie so far apart that Lambda's own default, the first request of each second,
    // traces all of them. A live run does not wait for seconds to pass.
    let sampler: any SamplingDecider = isLive ? FixedSampler.always : LocalSampler(clock: clock, random: random)
    lambda = LambdaService(
      account: Self.account, clock: clock, random: random, sampler: sampler, emitter: emitter,
      daemonAddress: .init(host: "127.0.0.1", port: daemonPort), timing: isLive ? .measured : .recorded)
    api = ApiGatewayStage(
      apiName: "orders-api", stage: "prod", restAPIID: "a1b2c3d4e5", lambda: lambda, sampler: FixedSampler.always,
      random: random, emitter: emitter)
    var web = RecorderConfiguration()
    web.serviceName = "web-frontend"
    web.origin = "AWS::EC2::Instance"
    frontend = XRayRecorder(
      configuration: web, environment: [:], clock: clock, random: random, sampler: FixedSampler.always,
      emitter: emitter,
      logger: logger)
    lambda.putRole(try ExecutionRole(arn: Self.role, managedPolicies: ["AWSXRayDaemonWriteAccess"]))
  }

  typealias Handler = @Sendable (FunctionScope) async throws -> JSONValue

  /// Creates a function whose body records with the SDK, in active tracing unless `configure` says otherwise.
  func function(
    _ name: String, initialization milliseconds: Int = 120,
    _ configure: (inout FunctionConfiguration) -> Void = { _ in }, handler: @escaping Handler
  ) throws {
    var configuration = FunctionConfiguration(name: name, role: Self.role)
    configuration.tracingMode = .active
    configure(&configuration)
    let (random, downstream, logger) = (random, downstream, logger)
    try lambda.createFunction(
      configuration,
      initialize: { context in try await context.clock.sleep(for: .milliseconds(milliseconds)) },
      handler: { event, context in
        let recorder = XRayRecorder(
          environment: context.environment, clock: context.clock, random: random, emitter: context.emitter,
          logger: logger)
        let scope = FunctionScope(event: event, context: context, recorder: recorder, downstream: downstream)
        let result = try await recorder.withInvocation(header: context.traceHeader) { try await handler(scope) }
        return Array(result.rendered().utf8)
      })
  }

  /// Lets time pass between two scenarios, so that each has a second of its own.
  func pause() async throws {
    if !isLive { try await clock.sleep(for: .seconds(2)) }
  }

  /// A request of a user of `web-frontend`, which calls `function` with the SDK.
  @discardableResult
  func callFromFrontend(_ function: String, path: String, isSampled: Bool = true) async throws -> InvocationResult {
    let header = TraceHeader(root: random.traceID(at: clock.now), sampling: isSampled ? .sampled : .notSampled)
    return try await frontend.withSegment(header: header) { segment in
      segment.setRequest(HTTPBlock.Request(method: "GET", url: "https://www.example.com\(path)"))
      let result = try await frontend.withAWSCall(
        service: "Lambda", operation: "Invoke", region: "us-east-1", parameters: ["function_name": .string(function)]
      ) { call in
        let result = try await lambda.invoke(function, traceHeader: call.header?.description)
        call.setResponse(status: result.statusCode, contentLength: result.payload.count)
        return result
      }
      segment.setResponse(status: 200)
      return result
    }
  }
}
