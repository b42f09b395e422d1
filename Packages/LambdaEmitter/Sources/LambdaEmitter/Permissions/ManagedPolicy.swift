public import XRayModel

/// A policy that AWS itself keeps, by its name: those that matter to tracing, and those that the roles of functions
/// usually have beside them.
///
/// Conditions are left out of the statements, since they count as fulfilled.
public struct ManagedPolicy: Hashable, Sendable {
  /// What is in the ARN before the name: `/`, or `/service-role/`.
  public var path: String
  /// Of AWS's current version, such as `v2`.
  public var versionID: String
  public var created: Timestamp
  public var policy: Policy

  public var name: String { policy.name }
  /// Such as `arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess`.
  public var arn: String { "arn:aws:iam::aws:policy\(path)\(name)" }

  /// All that are known, by name.
  public static let all: [ManagedPolicy] = [
    // The name that was used while tracing of Lambda was a preview; its day is not known, only its month.
    ManagedPolicy("AWSLambdaTraceExecution", created: 1_480_550_400, writing),
    ManagedPolicy("AWSXRayDaemonWriteAccess", "v2", created: 1_535_497_233, writing + sampling),
    ManagedPolicy("AWSXrayFullAccess", "v2", created: 1_480_617_055, ["xray:*"]),
    ManagedPolicy("AWSXrayReadOnlyAccess", "v8", created: 1_480_616_822, sampling + reading),
    ManagedPolicy("AWSXrayWriteOnlyAccess", "v2", created: 1_480_616_393, writing + sampling),
    ManagedPolicy("AdministratorAccess", created: 1_423_247_986, ["*"]),
    ManagedPolicy(
      "CloudWatchLambdaApplicationSignalsExecutionRolePolicy", created: 1_729_105_757, ["xray:PutTraceSegments"],
      Policy.Statement(
        .allow, actions: .matching(logging),
        resources: .matching(["arn:aws:logs:*:*:log-group:/aws/application-signals/data:*"]))),
    ManagedPolicy("AWSLambdaBasicExecutionRole", path: "/service-role/", created: 1_428_591_823, logging),
    ManagedPolicy(
      "AWSLambdaDynamoDBExecutionRole", path: "/service-role/", created: 1_428_592_169,
      named("dynamodb", ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"]) + logging),
    ManagedPolicy(
      "AWSLambdaKinesisExecutionRole", "v2", path: "/service-role/", created: 1_428_592_456,
      named(
        "kinesis",
        [
          "DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards", "ListStreams",
          "SubscribeToShard",
        ]) + logging),
    ManagedPolicy(
      "AWSLambdaSQSQueueExecutionRole", path: "/service-role/", created: 1_529_013_045,
      named("sqs", ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"]) + logging),
  ].sorted { $0.name < $1.name }

  private init(
    _ name: String, _ versionID: String = "v1", path: String = "/", created: Int, _ actions: [String],
    _ others: Policy.Statement...
  ) {
    self.path = path
    self.versionID = versionID
    self.created = Timestamp(seconds: created)
    policy = Policy(name: name, statements: [Policy.Statement(.allow, actions: .matching(actions))] + others)
  }

  private static let writing = named("xray", ["PutTraceSegments", "PutTelemetryRecords"])
  private static let sampling = named(
    "xray", ["GetSamplingRules", "GetSamplingTargets", "GetSamplingStatisticSummaries"])
  private static let reading = named(
    "xray",
    [
      "BatchGetTraces", "BatchGetTraceSummaryById", "GetDistinctTraceGraphs", "GetServiceGraph", "GetTraceGraph",
      "GetTraceSummaries", "GetGroups", "GetGroup", "ListTagsForResource", "ListResourcePolicies",
      "GetTimeSeriesServiceStatistics", "GetInsightSummaries", "GetInsight", "GetInsightEvents",
      "GetInsightImpactGraph",
    ])
  private static let logging = named("logs", ["CreateLogGroup", "CreateLogStream", "PutLogEvents"])

  private static func named(_ service: String, _ actions: [String]) -> [String] { actions.map { "\(service):\($0)" } }
}
