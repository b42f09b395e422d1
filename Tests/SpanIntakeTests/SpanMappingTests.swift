import Testing
import XRayModel

@testable import SpanIntake

@Suite struct `A span becomes` {
  @Test(arguments: [
    // kind, has a parent, flags, is a segment
    (2, false, 0, true), (2, true, 0, true), (5, true, 0, true), (5, true, 0x100, false), (5, true, 0x300, true),
    (1, false, 0, true), (1, true, 0, false), (1, true, 0x100, false), (1, true, 0x300, true), (0, true, 0, false),
    (3, true, 0, false), (4, true, 0x100, false), (3, false, 0, true), (4, true, 0x300, true),
  ])
  func `a segment when it is the work of a service`(kind: Int, hasParent: Bool, flags: Int, isSegment: Bool) throws {
    let entity = try Sample.entity(
      kind: kind, ["parentSpanId": hasParent ? "1111111111111111" : "", "flags": .number(JSONNumber(flags))])
    #expect(entity.kind == (isSegment ? .segment : .subsegment))
    #expect(entity.parentID == (hasParent ? EntityID("1111111111111111") : nil))
    #expect(entity.traceID?.description == "1-5fe5e0c1-a006649127e371903a2de979")
    #expect(entity.start.description == "1609000000.1234567")
    #expect(entity.end?.description == "1609000000.2234567")
    if isSegment { #expect(entity.name == "shop") }
  }

  @Test func `a segment with the call in it when nothing encloses the call`() throws {
    let entity = try Sample.entity(kind: 3, attributes: ["peer.service": "bank"], ["status": ["code": 2]])
    let call = try #require(entity.subsegments.first)
    #expect(entity.kind == .segment && entity.name == "shop" && entity.namespace == nil && entity.isFault)
    #expect(entity.id != EntityID("00f067aa0ba902b7"))
    #expect(call.id == EntityID("00f067aa0ba902b7") && call.name == "bank" && call.namespace == "remote")
    let again = try Sample.entity(kind: 3, attributes: ["peer.service": "bank"])
    #expect(again.id == entity.id)
  }

  @Test func `a segment when the sender calls it a local root`() throws {
    let entity = try Sample.entity(
      kind: 1, attributes: ["aws.span.kind": "LOCAL_ROOT", "aws.local.service": "cart"],
      ["parentSpanId": "1111111111111111"])
    #expect(entity.kind == .segment && entity.name == "cart")
  }

  @Test func `in progress when it has no end`() throws {
    #expect(try Sample.entity(["endTimeUnixNano": "0"]).isInProgress)
  }

  static let calls: [(attributes: [String: JSONValue], name: String, namespace: String)] = [
    (["aws.remote.service": "orders", "peer.service": "x"], "orders", "remote"),
    (["aws.remote.service": "AWS::SQS", "rpc.system": "aws-api"], "SQS", "aws"),
    (["aws.remote.service": "AWS.SDK.S3", "rpc.system": "aws-api"], "S3", "aws"),
    (["peer.service": "billing", "http.host": "h"], "billing", "remote"),
    (["aws.service": "DynamoDB"], "DynamoDB", "aws"),
    (["rpc.system": "aws-api", "rpc.service": "SQS", "rpc.method": "SendMessage"], "SQS", "aws"),
    (["rpc.system": "aws-api", "rpc.method": "Kinesis/PutRecord"], "Kinesis", "aws"),
    (
      ["db.name": "carts", "db.connection_string": "jdbc:mysql://u@db.example.com:3306"], "carts@db.example.com",
      "remote"
    ),
    (["db.namespace": "carts", "server.address": "db1", "db.system.name": "postgresql"], "carts@db1", "remote"),
    (["rpc.service": "shop.Cart", "rpc.system": "grpc"], "shop.Cart", "remote"),
    (["http.host": "api.example.com", "net.peer.name": "n"], "api.example.com", "remote"),
    (["net.peer.name": "peer.example.com"], "peer.example.com", "remote"),
    (["server.address": "srv.example.com"], "srv.example.com", "remote"),
    (["url.full": "https://u:p@api.example.com:8443/x?y"], "api.example.com", "remote"),
    (["http.url": "http://[::1]:80/x"], "::1", "remote"),
    (["messaging.destination.name": "orders", "messaging.system": "kafka"], "orders", "remote"),
    (["db.system": "redis"], "redis", "remote"),
    ([:], "GET /carts", "remote"),
  ]

  @Test(arguments: Self.calls.indices)
  func `a call by the name of what it calls`(row: Int) throws {
    let expected = Self.calls[row]
    let entity = try Sample.call(expected.attributes)
    #expect(entity.name == expected.name)
    #expect(entity.namespace == expected.namespace)
  }

  @Test func `local work by its own name`() throws {
    let entity = try Sample.entity(kind: 1, ["parentSpanId": "1111111111111111", "name": "a<b>c*"])
    #expect(entity.name == "abc" && entity.namespace == nil)
    let nameless = try Sample.entity(kind: 1, ["parentSpanId": "1111111111111111", "name": "***"])
    #expect(nameless.name == "span")
    let long = try Sample.entity(
      kind: 1, ["parentSpanId": "1111111111111111", "name": .string(String(repeating: "é", count: 300))])
    #expect(long.name?.count == 200)
  }

  static let statuses: [(status: Int?, code: Int, error: Bool, fault: Bool, throttle: Bool)] = [
    (200, 0, false, false, false), (200, 2, false, true, false), (404, 0, true, false, false),
    (404, 2, true, false, false), (429, 2, true, false, true), (500, 0, false, true, false),
    (599, 1, false, true, false), (600, 2, false, true, false), (nil, 2, false, true, false),
    (nil, 1, false, false, false),
  ]

  @Test(arguments: Self.statuses.indices)
  func `an error or a fault by its HTTP status, else by its own`(row: Int) throws {
    let expected = Self.statuses[row]
    for key in ["http.status_code", "http.response.status_code"] {
      let attributes = expected.status.map { [key: JSONValue.number(JSONNumber($0))] } ?? [:]
      let entity = try Sample.entity(attributes: attributes, ["status": ["code": .number(JSONNumber(expected.code))]])
      #expect(entity.isError == expected.error)
      #expect(entity.isFault == expected.fault)
      #expect(entity.isThrottle == expected.throttle)
    }
  }

  @Test(
    arguments: [
      (["http.method": "GET", "http.url": "http://a/b"], 3, "http://a/b"),
      (["http.request.method": "GET", "url.full": "http://a/b?c"], 3, "http://a/b?c"),
      (["http.scheme": "https", "http.host": "a:8443", "http.target": "/b?c=1"], 2, "https://a:8443/b?c=1"),
      (
        ["url.scheme": "https", "server.address": "a", "server.port": 443, "url.path": "/b", "url.query": "c=1"], 2,
        "https://a/b?c=1"
      ),
      (["url.scheme": "http", "server.address": "a", "server.port": 8080, "url.path": "/b"], 2, "http://a:8080/b"),
      (["http.method": "GET", "net.host.name": "a", "net.host.port": 80, "http.target": "/b"], 2, "http://a/b"),
      (["http.method": "GET", "net.peer.name": "a", "net.peer.port": "81"], 3, "http://a:81/"),
      (["http.method": "GET", "http.path": "/only"], 2, "/only"),
    ] as [([String: JSONValue], Int, String)])
  func `a request with its whole URL`(attributes: [String: JSONValue], kind: Int, url: String) throws {
    let entity = try Sample.entity(kind: kind, attributes: attributes, ["parentSpanId": "1111111111111111"])
    #expect(entity.http?.request?.url == url)
    #expect(entity.annotations.filter { attributes[$0.key] != nil }.isEmpty)
  }

  @Test(
    arguments: [
      [
        "http.method": "PUT", "http.user_agent": "curl", "http.client_ip": "1.2.3.4", "http.status_code": 201,
        "http.response_content_length": 77,
      ],
      [
        "http.request.method": "PUT", "user_agent.original": "curl", "client.address": "1.2.3.4",
        "http.response.status_code": 201, "http.response.body.size": 77, "network.peer.address": "10.0.0.1",
      ],
      [
        "http.method": "PUT", "http.request.method": "PUT", "http.user_agent": "curl", "net.peer.ip": "1.2.3.4",
        "http.status_code": "201", "http.response.header.content-length": ["77"],
      ],
    ] as [[String: JSONValue]])
  func `a request and its response`(attributes: [String: JSONValue]) throws {
    let http = try #require(try Sample.entity(attributes: attributes).http)
    #expect(http.request?.method == "PUT" && http.request?.userAgent == "curl" && http.request?.clientIP == "1.2.3.4")
    #expect(http.response?.status == 201 && http.response?.contentLength == 77)
    #expect(http.request?.isForwarded == (attributes["net.peer.ip"] == nil ? true : nil))
  }

  @Test func `no request when it only has addresses`() throws {
    let entity = try Sample.call(["server.address": "a", "net.peer.ip": "1.2.3.4"])
    #expect(entity.http == nil)
    #expect(entity.annotation("net.peer.ip") == "1.2.3.4")
  }

  @Test func `a call to AWS with what was called`() throws {
    let entity = try Sample.call([
      "rpc.system": "aws-api", "rpc.service": "DynamoDB", "rpc.method": "GetItem", "cloud.region": "eu-west-1",
      "aws.request_id": "r1", "aws.dynamodb.table_names": ["carts"], "aws.queue.url": "https://q", "aws.retries": 2,
    ])
    #expect(entity.aws["operation"] == "GetItem" && entity.aws["region"] == "eu-west-1")
    #expect(entity.aws["request_id"] == "r1" && entity.aws["table_name"] == "carts" && entity.aws["retries"] == 2)
    #expect(entity.aws["queue_url"] == "https://q")
    #expect(entity.annotations.isEmpty)
    let tables = try Sample.call([
      "aws.service": "DynamoDB", "aws.operation": "BatchGetItem", "aws.dynamodb.table_names": ["a", "b"],
    ])
    #expect(tables.aws["table_names"] == ["a", "b"] && tables.aws["operation"] == "BatchGetItem")
  }

  @Test(
    arguments: [
      [
        "db.system": "mysql", "db.statement": "SELECT 1", "db.user": "me", "db.name": "carts",
        "db.connection_string": "mysql://db:3306",
      ],
      [
        "db.system.name": "mysql", "db.query.text": "SELECT 1", "db.user": "me", "db.namespace": "carts",
        "server.address": "mysql://db:3306",
      ],
    ] as [[String: JSONValue]])
  func `a query`(attributes: [String: JSONValue]) throws {
    let sql = try Sample.call(attributes).sql
    #expect(sql["database_type"] == "mysql" && sql["sanitized_query"] == "SELECT 1" && sql["user"] == "me")
    #expect(sql["connection_string"] == "mysql://db:3306/carts")
  }

  @Test func `no query when the database speaks no SQL`() throws {
    let entity = try Sample.call(["db.system": "redis", "db.statement": "GET x"])
    #expect(entity.sql.isEmpty)
    #expect(entity.annotation("db.statement") == "GET x")
  }

  @Test func `a link`() throws {
    let entity = try Sample.entity([
      "links": [
        [
          "traceId": "5fe5e0c1bbbbbbbbbbbbbbbbbbbbbbbb", "spanId": "2222222222222222",
          "attributes": Sample.keyValues(["a": 1]),
        ],
        ["traceId": "short"],
      ]
    ])
    #expect(
      entity.links == [
        TraceLink(
          traceID: try #require(TraceID("1-5fe5e0c1-bbbbbbbbbbbbbbbbbbbbbbbb")), id: EntityID("2222222222222222"),
          attributes: ["a": 1])
      ])
  }

  @Test func `a user's work`() throws {
    #expect(try Sample.entity(attributes: ["enduser.id": "kim"]).user == "kim")
  }

  static let origins: [(resource: [String: JSONValue], origin: String?)] = [
    (["cloud.platform": "aws_lambda"], "AWS::Lambda::Function"), (["cloud.platform": "aws_ec2"], "AWS::EC2::Instance"),
    (["cloud.platform": "aws_ecs"], "AWS::ECS::Container"),
    (["cloud.platform": "aws_ecs", "aws.ecs.launchtype": "ec2"], "AWS::ECS::EC2"),
    (["cloud.platform": "aws_ecs", "aws.ecs.launchtype": "fargate"], "AWS::ECS::Fargate"),
    (["cloud.platform": "aws_eks"], "AWS::EKS::Container"),
    (["cloud.platform": "aws_elastic_beanstalk"], "AWS::ElasticBeanstalk::Environment"),
    (["cloud.platform": "aws_app_runner"], "AWS::AppRunner::Service"),
    (["cloud.platform": "gcp_cloud_run"], nil), (["cloud.provider": "gcp", "cloud.platform": "aws_ec2"], nil),
    ([:], nil),
  ]

  @Test(arguments: Self.origins.indices)
  func `a segment of where it ran`(row: Int) throws {
    #expect(try Sample.entity(resource: Self.origins[row].resource).origin == Self.origins[row].origin)
  }

  @Test func `a segment with what its resource says`() throws {
    let entity = try Sample.entity(resource: [
      "service.name": "shop", "service.version": "7", "process.runtime.name": "CPython",
      "process.runtime.version": "3.14",
      "cloud.provider": "aws", "cloud.platform": "aws_ecs", "cloud.account.id": "123456789012",
      "cloud.availability_zone": "eu-west-1a",
      "container.name": "web", "container.id": "c1", "aws.ecs.task.arn": "arn:task",
      "aws.log.group.names": ["g1", "g2"],
      "host.id": "i-1", "host.type": "t3", "k8s.cluster.name": "k", "k8s.pod.name": "p",
      "telemetry.sdk.name": "opentelemetry", "telemetry.sdk.language": "python", "telemetry.sdk.version": "1.40.0",
      "telemetry.auto.version": "0.61", "deployment.environment.name": "test",
    ])
    #expect(entity.service == ["version": "7", "runtime": "CPython", "runtime_version": "3.14"])
    #expect(entity.aws["account_id"] == "123456789012")
    #expect(entity.aws["ec2"] == ["instance_id": "i-1", "availability_zone": "eu-west-1a", "instance_size": "t3"])
    #expect(entity.aws["ecs"]?["container"] == "web" && entity.aws["ecs"]?["task_arn"] == "arn:task")
    #expect(entity.aws["eks"]?["cluster_name"] == "k" && entity.aws["eks"]?["pod"] == "p")
    #expect(entity.aws["cloudwatch_logs"] == [["log_group": "g1"], ["log_group": "g2"]])
    #expect(
      entity.aws["xray"] == ["sdk": "opentelemetry for python", "sdk_version": "1.40.0", "auto_instrumentation": true])
    #expect(entity.metadata["otel.resource"]?["deployment.environment.name"] == "test")
    #expect(entity.metadata["otel.resource"]?["telemetry.sdk.name"] == nil)
  }

  @Test func `a Lambda function's work`() throws {
    let entity = try Sample.entity(
      resource: [
        "service.name": "f", "cloud.platform": "aws_lambda", "faas.id": "arn:aws:lambda:eu-west-1:1:function:f",
      ],
      attributes: ["faas.invocation_id": "r1"])
    #expect(entity.resourceARN == "arn:aws:lambda:eu-west-1:1:function:f")
    #expect(entity.aws["function_arn"] == "arn:aws:lambda:eu-west-1:1:function:f" && entity.aws["request_id"] == "r1")
  }
}
