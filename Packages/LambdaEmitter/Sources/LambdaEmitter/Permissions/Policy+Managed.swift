extension Policy {
  /// The managed policies that matter to tracing, by their names.
  public static func managed(_ name: String) -> Policy? { managedPolicies[name] }

  private static let writing = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
  private static let sampling = [
    "xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:GetSamplingStatisticSummaries",
  ]
  private static let logging = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]

  private static let managedPolicies: [String: Policy] = {
    let actions: [(String, [String])] = [
      ("AWSXRayDaemonWriteAccess", writing + sampling),
      ("AWSXrayWriteOnlyAccess", writing + sampling),
      // The name that was used while tracing of Lambda was a preview.
      ("AWSLambdaTraceExecution", writing),
      ("AWSXrayFullAccess", ["xray:*"]),
      ("AWSXrayReadOnlyAccess", ["xray:Get*", "xray:BatchGet*"]),
      ("CloudWatchLambdaApplicationSignalsExecutionRolePolicy", ["xray:PutTraceSegments"] + logging),
      ("AWSLambdaBasicExecutionRole", logging),
    ]
    return Dictionary(
      uniqueKeysWithValues: actions.map { name, actions in
        (name, Policy(name: name, statements: [Statement(.allow, actions: .matching(actions))]))
      })
  }()
}
