import AccessManagement
import Testing

@Suite struct `A managed policy` {
  @Test func `is made, shown, attached and deleted`() {
    let account = Account()
    account.role()
    let made = account.call(
      "CreatePolicy",
      [
        "PolicyName": "tracing", "Path": "/shop/", "PolicyDocument": Account.tracing, "Description": "traces",
        "Tags.member.1.Key": "a",
      ])
    let arn = Account.policyARN("shop/tracing")
    #expect(made["Arn"] == arn)
    #expect((made["DefaultVersionId"], made["AttachmentCount"], made["Description"]) == ("v1", "0", "traces"))
    #expect(made["PolicyId"]?.hasPrefix("ANPA") == true && made["PolicyId"]?.count == 21)
    #expect(account.attach(arn).status == 200)
    #expect(account.mayTrace())
    let shown = account.call("GetPolicy", ["PolicyArn": arn])
    #expect((shown["AttachmentCount"], shown["Tags"]) == ("1", "<member><Key>a</Key><Value></Value></member>"))
    let version = account.call("GetPolicyVersion", ["PolicyArn": arn, "VersionId": "v1"])
    #expect(version["Document"]?.contains("xray%3APutTraceSegments") == true)
    #expect(account.call("GetPolicyVersion", ["PolicyArn": arn, "VersionId": "v2"]).refusal == .noSuchEntity)
    #expect(account.call("GetPolicyVersion", ["PolicyArn": arn]).refusal == .validation)
    #expect(account.call("ListPolicyVersions", ["PolicyArn": arn]).all("VersionId") == ["v1"])
    #expect(account.call("DeletePolicy", ["PolicyArn": arn]).refusal == .deleteConflict)
    account.call("DetachRolePolicy", ["RoleName": "orders", "PolicyArn": arn])
    #expect(account.call("DeletePolicy", ["PolicyArn": arn]).status == 200)
    for action in ["GetPolicy", "ListPolicyVersions", "DeletePolicy"] {
      #expect(account.call(action, ["PolicyArn": arn]).refusal == .noSuchEntity)
      #expect(account.call(action, ["PolicyArn": "arn:aws:s3:::somebody-elses-bucket"]).refusal == .invalidInput)
    }
  }

  @Test func `is refused when its name is taken, or its document is too long or no policy`() {
    let account = Account()
    func create(_ name: String, _ document: String) -> Answer {
      account.call("CreatePolicy", ["PolicyName": name, "PolicyDocument": document])
    }
    #expect(create("tracing", Account.tracing).status == 200)
    #expect(create("TRACING", Account.tracing).refusal == .alreadyExists)
    #expect(create("a b", Account.tracing).refusal == .validation)
    #expect(
      create("x", Account.statement("Allow", "s3:" + String(repeating: "x", count: 6144))).refusal == .limitExceeded)
    #expect(create("x", "[]").refusal == .malformedPolicy)
    #expect(create(String(repeating: "x", count: 128), Account.tracing).status == 200)
    #expect(create(String(repeating: "y", count: 129), Account.tracing).refusal == .validation)
  }

  @Test func `is listed by scope, path and use`() {
    let account = Account()
    account.role()
    account.call("CreatePolicy", ["PolicyName": "tracing", "Path": "/shop/", "PolicyDocument": Account.tracing])
    account.attach(Account.awsARN("AWSXrayFullAccess"))
    func names(_ parameters: [String: String]) -> [String] {
      account.call("ListPolicies", parameters).all("PolicyName")
    }
    #expect(names(["Scope": "Local"]) == ["tracing"])
    #expect(names(["Scope": "AWS"]).contains("AWSXRayDaemonWriteAccess"))
    #expect(!names(["Scope": "AWS"]).contains("tracing"))
    #expect(names([:]).count == names(["Scope": "AWS"]).count + 1)
    #expect(names(["OnlyAttached": "true"]) == ["AWSXrayFullAccess"])
    #expect(names(["PathPrefix": "/shop/"]) == ["tracing"])
    #expect(names(["PathPrefix": "/service-role/"]).contains("AWSLambdaBasicExecutionRole"))
    #expect(names(["PolicyUsageFilter": "PermissionsBoundary"]) == [])
    #expect(account.call("ListPolicies", ["Scope": "Mine"]).refusal == .validation)
    #expect(account.call("ListPolicies", ["OnlyAttached": "perhaps"]).refusal == .validation)
  }
}
