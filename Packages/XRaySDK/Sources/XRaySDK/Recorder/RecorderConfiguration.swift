public import XRayModel

/// What to do when something is to be recorded and there is no segment that it belongs to.
public enum ContextMissingPolicy: String, Hashable, Sendable, CaseIterable {
  /// Throw a ``ContextMissingError``.
  case runtimeError = "RUNTIME_ERROR"
  /// Log an error and go on without recording.
  case logError = "LOG_ERROR"
  /// Go on without recording.
  case ignoreError = "IGNORE_ERROR"
}

/// There is no segment that a subsegment could belong to, and the policy is `RUNTIME_ERROR`.
public struct ContextMissingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The name of what was to be recorded.
  public var name: String

  public init(name: String) { self.name = name }

  public var description: String {
    "subsegment \"\(name)\" has no segment: begin one, or call from a task that inherits one"
  }
}

/// How a recorder behaves. Variables of the environment win over what is set here.
public struct RecorderConfiguration: Sendable {
  /// The name of segments that are begun without one. `AWS_XRAY_TRACING_NAME` replaces every segment's name.
  public var serviceName: String?
  /// Written as `service.version`.
  public var serviceVersion: String?
  /// The kind of resource that the service runs on, such as `AWS::EC2::Instance`.
  public var origin: String?
  /// Members of every segment's `aws` block, such as `ec2` or `ecs`.
  public var aws: JSONObject = [:]
  /// `AWS_XRAY_CONTEXT_MISSING`
  public var contextMissing = ContextMissingPolicy.logError
  /// Subsegments that a segment holds until the finished ones are sent ahead of it. Always 0 in Lambda.
  public var streamingThreshold = 100
  /// Whether SQL subsegments carry their query, with its literals removed. `AWS_XRAY_COLLECT_SQL_QUERIES`
  public var collectsSQLQueries = false
  /// Whether anything is recorded. `AWS_XRAY_SDK_ENABLED`
  public var isEnabled = true

  public init() {}
}

extension RecorderConfiguration {
  /// Applies the environment.
  ///
  /// - Returns: What was not understood in it, for the log.
  mutating func apply(_ environment: [String: String]) -> [String] {
    var problems: [String] = []
    if let text = environment["AWS_XRAY_CONTEXT_MISSING"] {
      if let policy = ContextMissingPolicy(rawValue: text) {
        contextMissing = policy
      } else {
        problems.append("AWS_XRAY_CONTEXT_MISSING is \"\(text)\", not RUNTIME_ERROR, LOG_ERROR or IGNORE_ERROR")
      }
    }
    func read(_ name: String, into value: inout Bool) {
      guard let text = environment[name] else { return }
      switch text.lowercased() {
      case "1", "y", "yes", "t", "true", "on": value = true
      case "0", "n", "no", "f", "false", "off": value = false
      default: problems.append("\(name) is \"\(text)\", neither true nor false")
      }
    }
    read("AWS_XRAY_SDK_ENABLED", into: &isEnabled)
    read("AWS_XRAY_COLLECT_SQL_QUERIES", into: &collectsSQLQueries)
    if let name = environment["AWS_XRAY_TRACING_NAME"], !name.isEmpty { serviceName = name }
    if let group = environment["AWS_LOG_GROUP"], !group.isEmpty, aws["cloudwatch_logs"] == nil {
      aws["cloudwatch_logs"] = [["log_group": .string(group)]]
    }
    return problems
  }
}
