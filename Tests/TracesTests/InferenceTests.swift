import Testing
import Traces
import XRayModel

@Suite struct `An inferred segment` {
  private func inferred(_ documents: Entity...) -> [Entity] { Trace(documents).segments.filter(\.isInferred) }

  private func table(_ end: Int? = 60) -> Entity {
    .subsegment(
      2, "DynamoDB", 10, end, namespace: "aws", aws: ["operation": "UpdateItem", "table_name": "users"]
    ).with(status: 200)
  }

  @Test func `describes a call that nobody answered`() throws {
    let call = table().with { $0.isError = true }
    let segment = try #require(inferred(.segment(1, "web", 0, 100).with(call)).first)
    #expect(segment.name == "DynamoDB" && segment.parentID == call.id && segment.id != call.id)
    #expect(segment.start == call.start && segment.end == call.end && segment.isError && !segment.isFault)
    #expect(segment.http == call.http && segment.aws == call.aws && segment.origin == "AWS::DynamoDB::Table")
    #expect(segment.kind == .segment && segment.traceID == testTrace && segment.namespace == nil)
    #expect(ServiceID(of: segment) == ServiceID(name: "users", type: "AWS::DynamoDB::Table"))
  }

  @Test func `has the same id each time`() {
    let first = inferred(.segment(1, "web", 0, 100).with(table()))
    let second = inferred(.segment(1, "web", 0, nil).with(table(nil)), .segment(9, "other", 0, 1))
    #expect(first.map(\.id) == second.map(\.id))
  }

  @Test func `is in progress while the call is`() {
    #expect(inferred(.segment(1, "web", 0, nil).with(table(nil))).map(\.isInProgress) == [true])
  }

  @Test func `gives way to the real one`() {
    let caller = Entity.segment(1, "web", 0, 100).with(.subsegment(2, "api.example.com", 10, 60, namespace: "remote"))
    let before = Trace([caller])
    #expect(before.segments.map(\.isInferred) == [false, true])
    let answer = Entity.segment(5, "api", 15, 55, parent: 2)
    #expect(inferred(caller, answer).isEmpty)
    // Also where it was compiled, stored and read back in between.
    #expect(Trace(before.segments + [answer]).segments.map(\.isInferred) == [false, false])
  }

  @Test func `that came in progress gives way to the complete call`() {
    let before = Trace([.segment(1, "web", 0, nil).with(table(nil))])
    let after = Trace(before.segments + [.segment(1, "web", 0, 100).with(table())])
    #expect(after.segments.map(\.isInProgress) == [false, false])
  }

  @Test func `avoids ids that the trace uses`() throws {
    let caller = Entity.segment(1, "web", 0, 100).with(table())
    let taken = try #require(inferred(caller).first?.id)
    let other = Entity(.segment, id: taken, name: "other", traceID: testTrace, start: at(0), end: at(1))
    let trace = Trace([caller, other])
    #expect(trace.segments.count == 3)
    #expect(Set(trace.segments.map(\.id)).count == 3)
  }

  @Test func `is made for calls in subsegments without their segment`() {
    let call = Entity.subsegment(3, "sns", 10, 20, parent: 77, namespace: "aws")
    #expect(inferred(call).map(\.origin) == ["AWS::SNS"])
  }

  @Test func `is not made for local work`() {
    let segment = Entity.segment(1, "web", 0, 100).with(
      .subsegment(2, "work", 10, 20), .subsegment(3, "work", 20, 30, namespace: "local"))
    #expect(inferred(segment).isEmpty)
  }

  @Test(
    arguments: [
      ("DynamoDB", ["operation": "GetItem", "table_name": "users"], "users", "AWS::DynamoDB::Table"),
      ("dynamodb", ["operation": "GetItem", "table_name": "users"], "users", "AWS::DynamoDB::Table"),
      ("DynamoDB", ["operation": "ListTables"], "DynamoDB", "AWS::DynamoDB"),
      ("DynamoDB", ["table_name": "users"], "DynamoDB", "AWS::DynamoDB"),
      ("s3", ["operation": "ListBuckets"], "S3", "AWS::S3"),
      ("s3", ["operation": "GetObject", "bucket_name": "films"], "films", "AWS::S3::Bucket"),
      ("SQS", ["operation": "SendMessage", "queue_url": "https://sqs/1/q"], "https://sqs/1/q", "AWS::SQS::Queue"),
      ("sns", ["operation": "Publish", "topic_arn": "arn:aws:sns:r:1:t"], "arn:aws:sns:r:1:t", "AWS::SNS"),
      ("SNS", ["operation": "Publish"], "SNS", "AWS::SNS"),
      ("lambda", ["operation": "Invoke", "function_name": "resize"], "resize", "AWS::Lambda"),
      (
        "Lambda", ["operation": "Invoke", "function_name": "arn:aws:lambda:r:1:function:resize:2"], "resize",
        "AWS::Lambda"
      ),
      ("Lambda", ["operation": "Invoke", "function_name": "resize:live"], "resize", "AWS::Lambda"),
      ("Lambda", ["operation": "GetFunction"], "Lambda", "AWS::Lambda"),
      ("secretsmanager", ["operation": "GetSecretValue"], "SecretsManager", "AWS::SecretsManager"),
      ("Glue", ["operation": "StartJobRun"], "Glue", "AWS::Glue"),
    ] as [(String, JSONObject, String, String)])
  func `is named after the resource`(call: String, aws: JSONObject, name: String, type: String) throws {
    let segment = try #require(
      inferred(.segment(1, "web", 0, 100).with(.subsegment(2, call, 10, 20, namespace: "aws", aws: aws))).first)
    #expect(segment.name == call)
    #expect(segment.origin == type)
    #expect(ServiceID(of: segment) == ServiceID(name: name, type: type))
  }

  @Test func `of a service outside AWS is a remote`() throws {
    let call = Entity.subsegment(2, "api.example.com", 10, 20, namespace: "remote")
    let segment = try #require(inferred(.segment(1, "web", 0, 100).with(call)).first)
    #expect(segment.origin == nil)
    #expect(ServiceID(of: segment) == ServiceID(name: "api.example.com", type: "remote"))
    let query = call.with { $0.sql = ["database_type": "postgres"] }
    #expect(inferred(.segment(1, "web", 0, 100).with(query)).first?.origin == "Database::SQL")
  }
}
