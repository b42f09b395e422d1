import Testing
import XRayModel
import XRaySDK

@Suite struct CallTests {
  @Test(arguments: [
    ("https://api.example:8443/v1/items?id=7#top", "api.example", "https://api.example:8443/v1/items"),
    ("http://user:secret@db.example/x", "db.example", "http://db.example/x"),
    ("http://[::1]:8080/", "::1", "http://[::1]:8080/"), ("https://api.example", "api.example", "https://api.example"),
    ("https://api.example?q=1", "api.example", "https://api.example"),
    ("api.example/x?q", "api.example", "api.example/x"),
    ("", "unnamed", ""), ("http://u:p@ss@h/", "h", "http://h/"),
  ]) func `records a remote call under its host, without query and password`(
    url: String, name: String, recorded: String
  ) throws {
    let rig = Rig()
    try rig.recorder.withSegment("shop") { _ in
      try rig.recorder.withRemoteCall(url: url, method: "GET") { call in
        call.setResponse(status: 404, contentLength: 9)
      }
    }
    let call = try #require(try rig.only().subsegments.first)
    #expect(call.namespace == "remote" && call.isError)
    // A bracketed address is no name that X-Ray accepts; its letters are.
    #expect(call.name == name)
    #expect(call.http?.request == HTTPBlock.Request(method: "GET", url: recorded))
    #expect(call.http?.response == HTTPBlock.Response(status: 404, contentLength: 9))
  }

  @Test func `records an AWS call, with its parameters in X-Ray's letter case`() async throws {
    let rig = Rig(["AWS_REGION": "eu-west-1"])
    try await rig.recorder.withSegment("shop") { _ in
      try await rig.recorder.withAWSCall(
        service: "DynamoDB", operation: "getItem", parameters: ["TableName": "orders", "ConsistentRead": true]
      ) { call in
        await Task.yield()
        call.setResponse(status: 400)
      }
      try rig.recorder.withAWSCall(service: "SQS", operation: "SendMessage", region: "us-east-1") { _ in }
    }
    let calls = try rig.only().subsegments
    #expect(calls.map(\.name) == ["DynamoDB", "SQS"] && calls.allSatisfy { $0.namespace == "aws" })
    #expect(
      calls[0].aws == [
        "operation": "GetItem", "region": "eu-west-1", "table_name": "orders", "consistent_read": true,
      ])
    #expect(calls[0].isError && calls[1].aws["region"] == "us-east-1")
  }

  @Test(arguments: [
    ("TableName", "table_name"), ("SSEKMSKeyId", "ssekms_key_id"), ("QueueUrl", "queue_url"), ("Key", "key"),
    ("topicArn", "topic_arn"), ("S3Bucket", "s3_bucket"), ("already_snake", "already_snake"), ("", ""),
  ]) func `turns parameter names into snake case`(name: String, expected: String) {
    #expect(snakeCase(name) == expected)
  }

  @Test(
    arguments: [
      (["AWS_XRAY_COLLECT_SQL_QUERIES": "true"], "SELECT * FROM t1 WHERE a = ? AND b IN (?, ?)"), ([:], nil),
      (["AWS_XRAY_COLLECT_SQL_QUERIES": "false"], nil),
    ] as [([String: String], String?)])
  func `records the query only on request, and without its literals`(
    environment: [String: String], expected: String?
  ) throws {
    let rig = Rig(environment)
    var query = SQLQuery(
      database: "orders", host: "db.example", databaseType: "PostgreSQL",
      text: "SELECT * FROM t1 WHERE a = 'O''Brien' AND b IN (1, 2.5e3)")
    query.url = "postgresql://app:secret@db.example:5432/orders?sslmode=on"
    query.user = "app"
    query.preparation = .statement
    try rig.recorder.withSegment("shop") { _ in try rig.recorder.withSQLQuery(query) { _ in } }
    let call = try #require(try rig.only().subsegments.first)
    #expect(call.name == "orders@db.example" && call.namespace == "remote")
    #expect(call.sql["sanitized_query"]?.string == expected)
    #expect(call.sql["url"] == "postgresql://db.example:5432/orders" && call.sql["user"] == "app")
    #expect(call.sql["preparation"] == "statement" && call.sql["database_type"] == "PostgreSQL")
  }

  @Test(arguments: [
    ("SELECT 'it\\'s', \"col1\", $1, tab2.x", "SELECT ?, \"col1\", $1, tab2.x"), ("'open", "?"), ("x=-12.5", "x=-?"),
    ("", ""), ("0x1F", "?"), ("'ü' ü1", "? ü1"), ("'\\", "?"),
  ]) func `replaces literals and nothing else`(query: String, expected: String) {
    #expect(sanitized(query) == expected)
  }
}
