import Traces
import XRayModel

/// A key with a typed value, as OTLP has it.
struct OTLPAttribute: Hashable {
  var key: String
  var value: JSONValue

  init(_ key: String, _ value: JSONValue) {
    self.key = key
    self.value = value
  }

  /// `nil` when there is no value.
  init?(_ key: String, _ value: String?) {
    guard let value else { return nil }
    self.init(key, .string(value))
  }

  init?(_ key: String, _ value: Int?) {
    guard let value else { return nil }
    self.init(key, .number(JSONNumber(value)))
  }
}

extension OTLPAttribute {
  /// What a segment says about the service that sent it.
  static func resource(of segment: Entity) -> [OTLPAttribute] {
    let isSegment = segment.kind == .segment
    let platform: String? =
      switch segment.origin {
      case "AWS::Lambda", "AWS::Lambda::Function": "aws_lambda"
      case "AWS::ECS::Container", "AWS::ECS::Fargate", "AWS::ECS::EC2": "aws_ecs"
      case "AWS::EKS::Container": "aws_eks"
      case "AWS::EC2::Instance": "aws_ec2"
      case "AWS::ElasticBeanstalk::Environment": "aws_elastic_beanstalk"
      default: nil
      }
    let xray = segment.aws["xray"]
    return [
      // A subsegment on its own does not say whose it is; this is the name that OpenTelemetry gives in that case.
      OTLPAttribute("service.name", isSegment ? segment.shownName : "unknown_service"),
      OTLPAttribute("service.version", segment.service["version"]?.string),
      segment.origin?.hasPrefix("AWS::") == true ? OTLPAttribute("cloud.provider", "aws") : nil,
      OTLPAttribute("cloud.platform", platform),
      OTLPAttribute("cloud.account.id", segment.aws["account_id"]?.string),
      OTLPAttribute("cloud.resource_id", segment.resourceARN ?? segment.aws["function_arn"]?.string),
      OTLPAttribute("aws.xray.origin", segment.origin),
      OTLPAttribute("telemetry.sdk.name", xray?["sdk"]?.string),
      OTLPAttribute("telemetry.sdk.version", xray?["sdk_version"]?.string),
    ].compactMap { $0 }
  }

  /// What an entity says, in the words of OpenTelemetry's conventions where they have some. The keys that X-Ray
  /// indexes are listed in `aws.xray.annotations`; metadata are JSON texts by namespace.
  static func attributes(of entity: Entity) -> [OTLPAttribute] {
    let request = entity.http?.request
    let response = entity.http?.response
    var attributes = [
      OTLPAttribute("http.request.method", request?.method), OTLPAttribute("url.full", request?.url),
      OTLPAttribute("user_agent.original", request?.userAgent), OTLPAttribute("client.address", request?.clientIP),
      OTLPAttribute("http.response.status_code", response?.status),
      OTLPAttribute("http.response.body.size", response?.contentLength.flatMap { $0 >= 0 ? $0 : nil }),
      OTLPAttribute("enduser.id", entity.user),
      OTLPAttribute("db.system.name", entity.sql["database_type"]?.string),
      OTLPAttribute("db.query.text", entity.sql["sanitized_query"]?.string),
      OTLPAttribute("rpc.service", entity.namespace == "aws" ? entity.name : nil),
      OTLPAttribute("rpc.method", entity.aws["operation"]?.string),
      OTLPAttribute("cloud.region", entity.aws["region"]?.string),
    ].compactMap { $0 }
    for member in entity.aws.members where !["operation", "region", "xray"].contains(member.key) {
      attributes.append(OTLPAttribute("aws.\(member.key)", member.value))
    }
    attributes += entity.annotations.map { OTLPAttribute($0.key, $0.value.json) }
    if !entity.annotations.isEmpty {
      attributes.append(OTLPAttribute("aws.xray.annotations", .array(entity.annotations.map { .string($0.key) })))
    }
    attributes += entity.metadata.members.map {
      OTLPAttribute("aws.xray.metadata.\($0.key)", .string($0.value.rendered()))
    }
    if entity.isThrottle { attributes.append(OTLPAttribute("aws.xray.throttle", true)) }
    if entity.isInProgress { attributes.append(OTLPAttribute("aws.xray.in_progress", true)) }
    if case .reference(let id)? = entity.cause { attributes.append(OTLPAttribute("aws.xray.cause", .string(id))) }
    return attributes
  }

  static func attributes(of exception: CapturedException) -> [OTLPAttribute] {
    let frames = exception.stack.map { frame in
      "  at \(frame.label ?? "?") (\(frame.path ?? "?")\(frame.line.map { ":\($0)" } ?? ""))"
    }
    let title = [exception.type, exception.message].compactMap { $0 }.joined(separator: ": ")
    return [
      OTLPAttribute("exception.type", exception.type), OTLPAttribute("exception.message", exception.message),
      frames.isEmpty
        ? nil : OTLPAttribute("exception.stacktrace", ([title] + frames).joined(separator: "\n")),
    ].compactMap { $0 }
  }
}

extension JSONWriter {
  /// The member `attributes`.
  mutating func attributes(_ attributes: [OTLPAttribute]) {
    guard !attributes.isEmpty else { return }
    key("attributes")
    array { $0.keyValues(attributes.map { ($0.key, $0.value) }) }
  }

  private mutating func keyValues(_ pairs: [(key: String, value: JSONValue)]) {
    for pair in pairs {
      object { writer in
        writer.member("key", pair.key)
        writer.key("value")
        writer.anyValue(pair.value)
      }
    }
  }

  /// An `AnyValue`. Whole numbers of 64 bits are decimal text, as Protobuf's JSON has them.
  private mutating func anyValue(_ value: JSONValue) {
    object { writer in
      switch value {
      case .null: break
      case .bool(let value): writer.member("boolValue", value)
      case .string(let value): writer.member("stringValue", value)
      case .number(let value):
        if let integer = Int64(value.text) {
          writer.member("intValue", String(integer))
        } else if value.isFinite {
          writer.member("doubleValue", JSONValue.number(value))
        } else {
          writer.member("doubleValue", value.double.isNaN ? "NaN" : value.double < 0 ? "-Infinity" : "Infinity")
        }
      case .array(let elements):
        writer.key("arrayValue")
        writer.object { writer in
          writer.key("values")
          writer.array { writer in for element in elements { writer.anyValue(element) } }
        }
      case .object(let object):
        writer.key("kvlistValue")
        writer.object { writer in
          writer.key("values")
          writer.array { $0.keyValues(object.members.map { ($0.key, $0.value) }) }
        }
      }
    }
  }
}
