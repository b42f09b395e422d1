public import XRayModel

extension ServiceID {
  /// The node of a segment: its name and origin. An inferred segment stands for the resource that was called,
  /// such as a table or a queue, and is named after it.
  public init(of segment: Entity) {
    if segment.isInferred {
      self.init(calledBy: segment, origin: segment.origin)
    } else {
      self.init(name: segment.name ?? Self.unnamed, type: segment.origin, accountID: segment.accountID)
    }
  }

  /// The node that a call addresses, when nobody but the caller tells about it.
  public init(calledBy call: Entity) { self.init(calledBy: call, origin: call.inferredOrigin) }

  /// The client that called the entry point `root`.
  public init(clientOf root: Entity) { self.init(name: root.name ?? Self.unnamed, type: Self.clientType) }

  public static let clientType = "client"
  /// A service that is called and is not known to be one of AWS.
  public static let remoteType = "remote"
  /// Shown for subsegments that were sent without a name.
  public static let unnamed = "unnamed"

  private init(calledBy call: Entity, origin: String?) {
    guard let origin else {
      self.init(name: call.name ?? Self.unnamed, type: Self.remoteType, accountID: call.accountID)
      return
    }
    let resource = AWSResource(origin: origin).flatMap { call.name(of: $0) }
    let name = resource ?? call.name.map(AWSResource.serviceName) ?? Self.unnamed
    self.init(name: name, type: origin, accountID: call.accountID)
  }
}

/// A resource of an AWS service that calls name in their `aws` block, and that has a node of its own.
private enum AWSResource: CaseIterable {
  case table, bucket, queue, topic, function

  /// What a service, by its usual name, is called for.
  init?(of service: String) {
    switch service {
    case "DynamoDB": self = .table
    case "S3": self = .bucket
    case "SQS": self = .queue
    case "SNS": self = .topic
    case "Lambda": self = .function
    default: return nil
    }
  }

  init?(origin: String) {
    guard let resource = Self.allCases.first(where: { $0.origin == origin }) else { return nil }
    self = resource
  }

  var origin: String {
    switch self {
    case .table: "AWS::DynamoDB::Table"
    case .bucket: "AWS::S3::Bucket"
    case .queue: "AWS::SQS::Queue"
    case .topic: "AWS::SNS"
    case .function: "AWS::Lambda"
    }
  }

  /// The member of an `aws` block that holds its name.
  func name(in aws: JSONObject) -> String? {
    switch self {
    case .table: aws["table_name"]?.string
    case .bucket: aws["bucket_name"]?.string ?? aws["bucket"]?.string
    case .queue: aws["queue_url"]?.string
    case .topic: aws["topic_arn"]?.string
    case .function: aws["function_name"]?.string
    }
  }

  /// The usual name of a service, which the Python SDK takes in lower case from botocore.
  static func serviceName(_ name: String) -> String {
    guard name.utf8.first.map({ $0 >= UInt8(ascii: "a") }) == true else { return name }
    return serviceNames[name] ?? name
  }

  private static let serviceNames = [
    "dynamodb": "DynamoDB", "events": "Events", "kinesis": "Kinesis", "kms": "KMS", "lambda": "Lambda",
    "logs": "CloudWatchLogs", "s3": "S3", "secretsmanager": "SecretsManager", "sns": "SNS", "sqs": "SQS",
    "ssm": "SSM", "states": "Sfn", "sts": "STS",
  ]
}

extension Entity {
  /// The `origin` of the segment that is inferred from this call; `nil` for services outside AWS.
  var inferredOrigin: String? {
    guard namespace == "aws" else { return sql.isEmpty ? nil : "Database::SQL" }
    let service = name.map(AWSResource.serviceName) ?? ServiceID.unnamed
    if let resource = AWSResource(of: service), name(of: resource) != nil { return resource.origin }
    return "AWS::\(service)"
  }

  /// The account that is named explicitly: another one than the receiver's.
  fileprivate var accountID: String? { aws["account_id"]?.string }

  /// The name of `resource` in the `aws` block. It counts only with an operation, as in X-Ray.
  fileprivate func name(of resource: AWSResource) -> String? {
    let aws = aws
    guard aws["operation"] != nil, let name = resource.name(in: aws), !name.isEmpty else { return nil }
    return resource == .function ? Self.functionName(name) : name
  }

  /// The name in `arn:aws:lambda:region:account:function:NAME:qualifier`, `account:function:NAME` or `NAME:qualifier`.
  private static func functionName(_ text: String) -> String {
    let parts = text.split(separator: ":")
    if let index = parts.firstIndex(of: "function"), index > 0, index + 1 < parts.count {
      return String(parts[index + 1])
    }
    return parts.first.map(String.init) ?? text
  }
}
