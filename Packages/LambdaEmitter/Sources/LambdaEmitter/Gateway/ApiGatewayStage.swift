public import XRayModel
public import XRaySampler

/// What comes in at an API's stage.
public struct GatewayRequest: Hashable, Sendable {
  public var method: String
  public var path: String
  public var body: [UInt8] = []
  public var userAgent = "curl/8.5.0"
  public var clientIP = "203.0.113.10"
  public var traceHeader: String?

  public init(method: String, path: String, body: [UInt8] = [], traceHeader: String? = nil) {
    self.method = method
    self.path = path
    self.body = body
    self.traceHeader = traceHeader
  }
}

/// What an API answers.
public struct GatewayResponse: Hashable, Sendable {
  public var statusCode: Int
  public var body: [UInt8]
  /// The trace and whether it is recorded.
  public var traceHeader: TraceHeader
}

/// A stage of an API Gateway API with tracing, which passes its requests on to functions and tells of each in a
/// segment of its own.
public struct ApiGatewayStage: Sendable {
  public let apiName: String
  public let stage: String
  public let restAPIID: String
  private let lambda: LambdaService
  private let sampler: any SamplingDecider
  private let outlet: Outlet
  private let random: RandomSource

  /// - Parameters:
  ///   - restAPIID: Ten letters and digits.
  ///   - lambda: The service whose functions it calls; it lends its account, region and clock.
  ///   - sampler: Decides on requests on which nobody upstream has.
  ///   - emitter: Where the stage's segments go.
  public init(
    apiName: String, stage: String, restAPIID: String, lambda: LambdaService, sampler: any SamplingDecider,
    random: RandomSource, emitter: any SegmentEmitter
  ) {
    self.apiName = apiName
    self.stage = stage
    self.restAPIID = restAPIID
    self.lambda = lambda
    self.sampler = sampler
    self.random = random
    outlet = Outlet(emitter)
  }

  /// The stage's segments: all are sent.
  public var ledger: LedgerHop {
    var hop = outlet.ledger
    hop.name = "api gateway"
    return hop
  }

  private var host: String { "\(restAPIID).execute-api.\(lambda.region).amazonaws.com" }

  /// Handles one request: invokes `function` with it and answers what the function returns.
  ///
  /// With a `type` of `event` the function is not waited for, and the answer is 200.
  public func handle(
    _ request: GatewayRequest, with function: String, type: InvocationType = .requestResponse
  ) async -> GatewayResponse {
    let start = lambda.clock.now
    let incoming = request.traceHeader.flatMap { try? TraceHeader(parsing: $0) }
    let isSampled =
      incoming?.sampling.decision
      ?? sampler.decide(
        SamplingRequest(
          host: host, method: request.method, path: request.path, serviceName: "\(apiName)/\(stage)",
          serviceType: "AWS::ApiGateway::Stage")
      ).isSampled
    var segment = Entity(
      .segment, id: random.entityID(), name: "\(apiName)/\(stage)",
      traceID: incoming?.root ?? random.traceID(at: start), parentID: incoming?.parent, start: start.inMilliseconds)
    describe(&segment, request)
    await lambda.clock.wait(2...6, random)
    let (call, status, body) = await invoke(function, request, type: type, segment: segment, isSampled: isSampled)
    await lambda.clock.wait(1...2, random)
    segment.end = lambda.clock.now.inMilliseconds
    segment.http?.response = .init(status: status, contentLength: body.count)
    segment.isError = (400..<500).contains(status)
    segment.isThrottle = status == 429
    segment.isFault = status >= 500
    segment.subsegments = [call]
    if isSampled { outlet.pass(segment.document) }
    return GatewayResponse(
      statusCode: status, body: body,
      traceHeader: TraceHeader(root: segment.traceID ?? .notSampled, sampling: isSampled ? .sampled : .notSampled))
  }

  private func describe(_ segment: inout Entity, _ request: GatewayRequest) {
    let requestID = random.requestID()
    var http = HTTPBlock.Request(method: request.method, url: "https://\(host)/\(stage)\(request.path)")
    http.userAgent = request.userAgent
    http.clientIP = request.clientIP
    http.isForwarded = true
    segment.http = HTTPBlock(request: http)
    segment.origin = "AWS::ApiGateway::Stage"
    segment.resourceARN = "arn:aws:apigateway:\(lambda.region)::/restapis/\(restAPIID)/stages/\(stage)"
    segment.aws = [
      "api_gateway": [
        "account_id": .string(lambda.account), "rest_api_id": .string(restAPIID), "stage": .string(stage),
        "request_id": .string(requestID),
      ]
    ]
    segment.annotate("aws:api_id", .string(restAPIID))
    segment.annotate("aws:api_stage", .string(stage))
    segment.metadata = [
      "default": ["extended_request_id": .string(random.extendedRequestID()), "request_id": .string(requestID)]
    ]
  }

  /// Calls the function; returns the subsegment `Lambda` with what the client gets.
  private func invoke(
    _ function: String, _ request: GatewayRequest, type: InvocationType, segment: Entity, isSampled: Bool
  ) async -> (call: Entity, status: Int, body: [UInt8]) {
    let arn = (try? lambda.function(function).arn) ?? function
    var call = Entity(.subsegment, id: random.entityID(), name: "Lambda", start: lambda.clock.now.inMilliseconds)
    call.namespace = "aws"
    call.aws = [
      "function_name": .string(function), "region": .string(lambda.region), "operation": "Invoke",
      "resource_names": [.string(function)],
    ]
    let header = TraceHeader(
      root: segment.traceID ?? .notSampled, parent: call.id, sampling: isSampled ? .sampled : .notSampled)
    let answer: ProxyAnswer
    do throws(LambdaError) {
      let result = try await lambda.invoke(
        function, payload: request.event(header), type: type, traceHeader: header.description)
      answer = ProxyAnswer(result)
    } catch {
      answer = ProxyAnswer(error)
    }
    call.end = lambda.clock.now.inMilliseconds
    let url = "https://lambda.\(lambda.region).amazonaws.com/2015-03-31/functions/\(arn)/invocations"
    call.http = HTTPBlock(
      request: .init(method: "POST", url: url),
      response: .init(status: answer.integrationStatus, contentLength: answer.contentLength))
    call.isError = (400..<500).contains(answer.integrationStatus)
    call.isThrottle = answer.integrationStatus == 429
    call.isFault = answer.integrationStatus >= 500
    return (call, answer.status, answer.body)
  }
}
