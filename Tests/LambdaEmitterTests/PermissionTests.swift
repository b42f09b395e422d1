import LambdaEmitter
import Testing
import XRayModel

@Suite struct `Permissions` {
  static let action = "xray:PutTraceSegments"

  @Test(arguments: [
    ("AWSXRayDaemonWriteAccess", true), ("AWSXrayWriteOnlyAccess", true), ("AWSXrayFullAccess", true),
    ("AWSLambdaTraceExecution", true), ("CloudWatchLambdaApplicationSignalsExecutionRolePolicy", true),
    ("AWSXrayReadOnlyAccess", false), ("AWSLambdaBasicExecutionRole", false),
  ])
  func `of managed policies allow tracing or not`(name: String, isAllowed: Bool) throws {
    #expect(try ExecutionRole(arn: roleARN, managedPolicies: [name]).allows(Self.action) == isAllowed)
  }

  @Test func `of the read-only policy are the reading ones`() throws {
    let role = try ExecutionRole(arn: roleARN, managedPolicies: ["AWSXrayReadOnlyAccess"])
    #expect(role.allows("xray:BatchGetTraces") && role.allows("xray:GetSamplingRules"))
  }

  /// Statements, and whether they allow to put segments.
  static let statements: [([String], Bool)] = [
    ([#"{"Effect":"Allow","Action":["xray:PutTraceSegments","xray:PutTelemetryRecords"],"Resource":"*"}"#], true),
    ([#"{"Effect":"Allow","Action":"*","Resource":"*"}"#], true),
    ([#"{"Effect":"Allow","Action":"XRAY:put*","Resource":["*"]}"#], true),
    ([#"{"Effect":"Allow","Action":"xray:Put?raceSegments","Resource":"*"}"#], true),
    ([#"{"Effect":"Allow","Action":"xray:Get*","Resource":"*"}"#], false),
    ([#"{"Effect":"Allow","NotAction":"s3:*","Resource":"*"}"#], true),
    ([#"{"Effect":"Allow","NotAction":"xray:*","Resource":"*"}"#], false),
    ([#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::bucket/*"}"#], false),
    ([#"{"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::bucket/*"}"#], true),
    (
      [
        #"{"Effect":"Allow","Action":"*","Resource":"*"}"#, #"{"Effect":"Deny","Action":"xray:*","Resource":"*"}"#,
      ], false
    ),
    (
      [
        #"{"Effect":"Deny","Action":"xray:PutTraceSegments","Resource":"*"}"#,
        #"{"Effect":"Allow","Action":"*","Resource":"*"}"#,
      ], false
    ),
    (
      [
        #"{"Effect":"Allow","Action":"xray:*","Resource":"*"}"#,
        #"{"Effect":"Deny","NotAction":"xray:*","Resource":"*"}"#,
      ], true
    ),
    ([], false),
  ]

  @Test(arguments: statements)
  func `follow the statements: explicit deny first, then allow, else deny`(
    statements: [String], isAllowed: Bool
  ) throws {
    let document = try JSONValue(parsing: #"{"Statement":[\#(statements.joined(separator: ","))]}"#)
    let policy = try Policy(name: "inline", document: document)
    #expect(ExecutionRole(arn: roleARN, policies: [policy]).allows(Self.action) == isAllowed)
  }

  @Test func `may come from a single statement`() throws {
    let document = try JSONValue(parsing: #"{"Statement":{"Effect":"Allow","Action":"xray:*","Resource":"*"}}"#)
    let policy = try Policy(name: "inline", document: document)
    #expect(ExecutionRole(arn: roleARN, policies: [policy]).allows(Self.action))
  }

  @Test(arguments: [
    "{}", #"{"Statement":[{"Action":"*","Resource":"*"}]}"#, #"{"Statement":[{"Effect":"Maybe","Action":"*"}]}"#,
    #"{"Statement":[{"Effect":"Allow","Resource":"*"}]}"#, #"{"Statement":[{"Effect":"Allow","Action":"*"}]}"#,
    #"{"Statement":[{"Effect":"Allow","Action":[1],"Resource":"*"}]}"#, #"{"Statement":7}"#, "[]",
  ])
  func `are refused when the document is malformed`(text: String) throws {
    let document = try JSONValue(parsing: text)
    #expect(throws: PolicyError.self) { try Policy(name: "inline", document: document) }
  }

  @Test func `are checked when active tracing is asked for, with Lambda's own words`() async throws {
    try await Fixture.run { fixture in
      let service = fixture.service
      var configuration = FunctionConfiguration(name: "worker", role: bareRoleARN)
      configuration.tracingMode = .active
      func create() throws { try service.createFunction(configuration) { event, _ in event.bytes } }
      let words = "The provided execution role does not have permissions to call PutTraceSegments on XRAY"
      var error = await refusal { try create() }
      #expect((error?.statusCode, error?.code.rawValue) == (400, "InvalidParameterValueException"))
      #expect(error?.message == words)
      #expect(service.functions.isEmpty)

      configuration.tracingMode = .passThrough
      try create()
      error = await refusal {
        try service.updateFunctionConfiguration("worker") {
          $0.tracingMode = .active
          $0.memoryMegabytes = 512
        }
      }
      #expect(error?.message == words)
      #expect(try service.function("worker").configuration == configuration)

      var role = try #require(service.role(bareRoleARN))
      try role.attach(managedPolicy: "AWSXRayDaemonWriteAccess")
      service.putRole(role)
      try service.updateFunctionConfiguration("worker") { $0.tracingMode = .active }
      #expect(try service.function("worker").configuration.tracingMode == .active)
    }
  }

  @Test func `lost later leave the service's segments only, and the ledger tells`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function { event, context in
        context.emitter.emit(Array("{}".utf8))
        return event.bytes
      }
      fixture.service.putRole(ExecutionRole(arn: roleARN))
      _ = try await fixture.service.invoke("worker")
      #expect(fixture.service.ledger.dropped == ["access denied": 2])
      #expect(fixture.service.ledger.isBalanced)
    }
    #expect(recorder.services.count == 1)
    #expect(recorder.documents.count == 1)
  }

  @Test func `to assume the role must include Lambda`() async throws {
    try await Fixture.run { fixture in
      var role = ExecutionRole(arn: "arn:aws:iam::123456789012:role/ec2")
      role.trustedServices = ["ec2.amazonaws.com"]
      fixture.service.putRole(role)
      for arn in [role.arn, "arn:aws:iam::123456789012:role/nobody"] {
        let error = await refusal {
          try fixture.service.createFunction(FunctionConfiguration(name: "worker", role: arn)) { event, _ in event.bytes
          }
        }
        #expect(error?.message == "The role defined for the function cannot be assumed by Lambda.")
      }
    }
  }
}
