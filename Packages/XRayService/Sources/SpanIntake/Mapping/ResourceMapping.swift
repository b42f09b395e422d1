import XRayModel

/// What a resource says about every segment of its service.
struct ResourceMapping {
  /// As it can name a segment.
  var serviceName: String?
  /// `telemetry.sdk.language`, or empty.
  var language = ""
  var origin: String?
  var resourceARN: String?
  var service = JSONObject()
  var aws = JSONObject()
  /// What has no place of its own.
  var metadata = JSONObject()
  /// Fates of the attributes, counted once for each segment.
  private(set) var fates: [(key: String, fate: FidelityReport.Fate)] = []

  init(_ list: AttributeList) {
    var attributes = SpanAttributes(list.items)
    serviceName = attributes.text("service.name", as: "name").flatMap(\.asEntityName)
    origin = attributes.text("aws.xray.origin", as: "origin") ?? Self.origin(attributes)
    if origin != nil {
      _ = attributes.text("cloud.platform", as: "origin")
      _ = attributes.text("cloud.provider", as: "origin")
      _ = attributes.text("aws.ecs.launchtype", as: "aws.ecs.launch_type")
    }
    service.set("version", attributes.text("service.version", "container.image.tag", as: "service.version"))
    service.set("runtime", attributes.text("process.runtime.name", as: "service.runtime"))
    service.set("runtime_version", attributes.text("process.runtime.version", as: "service.runtime_version"))
    let provider = attributes["cloud.provider"]?.string
    if provider == nil || provider == "aws" { readAWS(&attributes) }
    readSDK(&attributes)
    var rest: [JSONObject.Member] = []
    for entry in attributes.entries {
      if let target = entry.target {
        fates.append((entry.key, .mapped(to: target)))
      } else if entry.value == .null {
        fates.append((entry.key, .dropped("no value")))
      } else {
        rest.append(JSONObject.Member(key: entry.key, value: entry.value.storable))
        fates.append((entry.key, .metadata))
      }
    }
    metadata = JSONObject(rest)
    fates += attributes.replaced.map { ($0, .dropped("repeated key")) }
    bound()
  }

  /// Bytes of one block. All segments of a request repeat what their resource says: without a bound a small request
  /// could make very many documents of 64 KB.
  private static var blockBytesLimit: Int { 8_192 }

  private mutating func bound() {
    for (name, block) in [("metadata", \ResourceMapping.metadata), ("aws", \.aws), ("service", \.service)] {
      let bytes = JSONValue.object(self[keyPath: block]).rendered().utf8.count
      guard bytes > Self.blockBytesLimit else { continue }
      self[keyPath: block] = name == "metadata" ? ["shortened": true, "bytes": .number(JSONNumber(bytes))] : [:]
      let isPart: (FidelityReport.Fate) -> Bool = { fate in
        if case .mapped(let target) = fate {
          target.hasPrefix("\(name).")
        } else {
          name == "metadata" && fate == .metadata
        }
      }
      for index in fates.indices where isPart(fates[index].fate) {
        fates[index].fate = .dropped("\(name) over \(Self.blockBytesLimit) bytes")
      }
    }
    origin = origin?.cut(to: 256)
    resourceARN = resourceARN?.cut(to: 2_048)
  }

  private static func origin(_ attributes: SpanAttributes) -> String? {
    if let provider = attributes["cloud.provider"]?.string, provider != "aws" { return nil }
    return switch attributes["cloud.platform"]?.string {
    case "aws_lambda": "AWS::Lambda::Function"
    case "aws_app_runner": "AWS::AppRunner::Service"
    case "aws_eks": "AWS::EKS::Container"
    case "aws_elastic_beanstalk": "AWS::ElasticBeanstalk::Environment"
    case "aws_ec2": "AWS::EC2::Instance"
    case "aws_ecs":
      switch attributes["aws.ecs.launchtype"]?.string {
      case "ec2": "AWS::ECS::EC2"
      case "fargate": "AWS::ECS::Fargate"
      default: "AWS::ECS::Container"
      }
    default: nil
    }
  }

  private mutating func readAWS(_ attributes: inout SpanAttributes) {
    let platform = attributes["cloud.platform"]?.string
    aws.set("account_id", attributes.text("cloud.account.id", as: "aws.account_id"))
    let isLambda = platform == "aws_lambda"
    resourceARN = attributes.take(["cloud.resource_id", "faas.id"], as: isLambda ? "aws.function_arn" : "resource_arn")
    {
      $0.string.flatMap { $0.hasPrefix("arn:") ? $0 : nil }
    }
    if isLambda { aws.set("function_arn", resourceARN) }
    let zone = attributes["cloud.availability_zone"]?.string
    if platform == "aws_ec2" || attributes.contains("host.id") {
      var ec2 = JSONObject()
      ec2.set("instance_id", attributes.text("host.id", as: "aws.ec2.instance_id"))
      ec2.set("availability_zone", attributes.text("cloud.availability_zone", as: "aws.ec2.availability_zone"))
      ec2.set("instance_size", attributes.text("host.type", as: "aws.ec2.instance_size"))
      ec2.set("ami_id", attributes.text("host.image.id", as: "aws.ec2.ami_id"))
      aws.set("ec2", ec2)
    }
    if platform == "aws_ecs" {
      var ecs = JSONObject()
      ecs.set("container", attributes.text("container.name", as: "aws.ecs.container"))
      ecs.set("container_id", attributes.text("container.id", as: "aws.ecs.container_id"))
      ecs.set("container_arn", attributes.text("aws.ecs.container.arn", as: "aws.ecs.container_arn"))
      ecs.set("cluster_arn", attributes.text("aws.ecs.cluster.arn", as: "aws.ecs.cluster_arn"))
      ecs.set("task_arn", attributes.text("aws.ecs.task.arn", as: "aws.ecs.task_arn"))
      ecs.set("task_family", attributes.text("aws.ecs.task.family", as: "aws.ecs.task_family"))
      ecs.set("launch_type", attributes.text("aws.ecs.launchtype", as: "aws.ecs.launch_type"))
      ecs.set("availability_zone", zone)
      if zone != nil { _ = attributes.text("cloud.availability_zone", as: "aws.ecs.availability_zone") }
      aws.set("ecs", ecs)
    }
    if platform == "aws_elastic_beanstalk" {
      var beanstalk = JSONObject()
      beanstalk.set(
        "environment_name", attributes.text("service.namespace", as: "aws.elastic_beanstalk.environment_name"))
      beanstalk.set("version_label", attributes["service.version"]?.string)
      if let id = attributes.integer("service.instance.id", as: "aws.elastic_beanstalk.deployment_id") {
        beanstalk["deployment_id"] = .number(JSONNumber(id))
      }
      aws.set("elastic_beanstalk", beanstalk)
    }
    if platform == "aws_eks" || attributes.contains("k8s.cluster.name") {
      var eks = JSONObject()
      eks.set("cluster_name", attributes.text("k8s.cluster.name", as: "aws.eks.cluster_name"))
      eks.set("pod", attributes.text("k8s.pod.name", as: "aws.eks.pod"))
      eks.set("container_id", attributes.text("container.id", as: "aws.eks.container_id"))
      aws.set("eks", eks)
    }
    readLogGroups(&attributes)
  }

  private mutating func readLogGroups(_ attributes: inout SpanAttributes) {
    let arns = attributes.texts("aws.log.group.arns", as: "aws.cloudwatch_logs")
    let names = attributes.texts("aws.log.group.names", as: "aws.cloudwatch_logs")
    let groups: [JSONValue]
    if let arns, !arns.isEmpty {
      groups = arns.map { arn in
        // arn:aws:logs:<region>:<account>:log-group:<name>
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
        return ["log_group": .string(parts.count > 6 ? String(parts[6]) : arn), "arn": .string(arn)]
      }
    } else {
      groups = (names ?? []).map { ["log_group": .string($0)] }
    }
    if !groups.isEmpty { aws["cloudwatch_logs"] = .array(groups) }
  }

  private mutating func readSDK(_ attributes: inout SpanAttributes) {
    language = attributes["telemetry.sdk.language"]?.string ?? ""
    guard let name = attributes.text("telemetry.sdk.name", as: "aws.xray.sdk") else { return }
    _ = attributes.text("telemetry.sdk.language", as: "aws.xray.sdk")
    var xray: JSONObject = ["sdk": .string(language.isEmpty ? name : "\(name) for \(language)")]
    xray.set("sdk_version", attributes.text("telemetry.sdk.version", as: "aws.xray.sdk_version"))
    // Our own export says which X-Ray SDK it was, without a language: that one's documents say nothing of this.
    if !language.isEmpty {
      xray["auto_instrumentation"] = .bool(attributes.contains("telemetry.auto.version", "telemetry.distro.version"))
    }
    aws["xray"] = .object(xray)
  }
}
