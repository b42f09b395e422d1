import AccessManagement
import LambdaEmitter
import Testing
import XRayModel

@Suite struct `A role's policies` {
  @Test func `of its own are put, shown, listed and deleted`() {
    let account = Account()
    account.role()
    #expect(account.put(Account.tracing).status == 200)
    #expect(account.mayTrace())
    let shown = account.call("GetRolePolicy", ["RoleName": "orders", "PolicyName": "own"])
    #expect((shown["RoleName"], shown["PolicyName"]) == ("orders", "own"))
    #expect(shown["PolicyDocument"]?.contains("%22xray%3APutTraceSegments%22") == true)
    account.put(Account.statement("Allow", "s3:*"), as: "files")
    #expect(account.call("ListRolePolicies", ["RoleName": "orders"]).all("member") == ["files", "own"])
    #expect(account.call("ListRolePolicies", ["RoleName": "orders", "MaxItems": "1"])["Marker"] == "files")
    account.put(Account.statement("Allow", "xray:Get*"))
    #expect(!account.mayTrace())
    #expect(account.call("DeleteRolePolicy", ["RoleName": "orders", "PolicyName": "own"]).status == 200)
    for action in ["GetRolePolicy", "DeleteRolePolicy"] {
      #expect(account.call(action, ["RoleName": "orders", "PolicyName": "own"]).refusal == .noSuchEntity)
      #expect(account.call(action, ["RoleName": "nobody", "PolicyName": "own"]).refusal == .noSuchEntity)
      #expect(account.call(action, ["RoleName": "orders"]).refusal == .validation)
    }
    #expect(account.put(Account.tracing, to: "nobody").refusal == .noSuchEntity)
    #expect(account.call("ListRolePolicies", ["RoleName": "nobody"]).refusal == .noSuchEntity)
  }

  @Test func `that deny win over all that allow`() {
    let account = Account()
    account.role()
    account.attach(Account.awsARN("AdministratorAccess"))
    #expect(account.mayTrace())
    account.put(Account.statement("Deny", "XRAY:put*"))
    #expect(!account.mayTrace())
    #expect(account.told.role(Account.arn("orders"))?.allows("xray:GetSamplingRules") == true)
    account.call("DeleteRolePolicy", ["RoleName": "orders", "PolicyName": "own"])
    #expect(account.mayTrace())
    let denying = account.call(
      "CreatePolicy", ["PolicyName": "denying", "PolicyDocument": Account.statement("Deny", "*")])
    account.attach(denying["Arn"] ?? "")
    #expect(!account.mayTrace())
    account.put(Account.tracing)
    #expect(!account.mayTrace())
  }

  @Test func `of its own have 10,240 characters together`() {
    let account = Account()
    account.role()
    func document(_ size: Int) -> String {
      let frame = Account.statement("Allow", "s3:")
      return Account.statement("Allow", "s3:" + String(repeating: "x", count: size - frame.count))
    }
    #expect(account.put(document(5120), as: "a").status == 200)
    #expect(account.put(document(5121), as: "b").refusal == .limitExceeded)
    #expect(account.put(document(5120).replacing(":[", with: ":\n\t [ "), as: "b").status == 200)
    #expect(account.put(document(5120), as: "b").status == 200)
    #expect(account.put(Account.tracing, as: "c").refusal == .limitExceeded)
    #expect(account.put(String(repeating: " ", count: 131_073), as: "b").refusal == .validation)
  }

  @Test(arguments: [
    ("AWSXRayDaemonWriteAccess", true), ("AWSXrayWriteOnlyAccess", true), ("AWSXrayReadOnlyAccess", false),
    ("AWSXrayFullAccess", true), ("CloudWatchLambdaApplicationSignalsExecutionRolePolicy", true),
    ("service-role/AWSLambdaBasicExecutionRole", false), ("AWSLambdaTraceExecution", true),
    ("service-role/AWSLambdaSQSQueueExecutionRole", false), ("service-role/AWSLambdaKinesisExecutionRole", false),
    ("service-role/AWSLambdaDynamoDBExecutionRole", false), ("AdministratorAccess", true),
  ])
  func `of AWS allow tracing or not`(path: String, mayTrace: Bool) throws {
    let account = Account()
    account.role()
    let arn = Account.awsARN(path)
    #expect(account.attach(arn).status == 200)
    #expect(account.mayTrace() == mayTrace)
    let listed = account.call("ListAttachedRolePolicies", ["RoleName": "orders"])
    #expect(listed["PolicyArn"] == arn)
    let policy = account.call("GetPolicy", ["PolicyArn": arn])
    #expect(policy["Arn"] == arn && policy["AttachmentCount"] == "1")
    #expect(policy["PolicyId"]?.count == 21)
    let version = policy["DefaultVersionId"] ?? ""
    let shown = account.call("GetPolicyVersion", ["PolicyArn": arn, "VersionId": version])
    #expect(shown["IsDefaultVersion"] == "true")
    #expect(shown["Document"]?.contains("Statement") == true)
    #expect(account.call("DeletePolicy", ["PolicyArn": arn]).refusal == Refusal(status: 403, code: "AccessDenied"))
    #expect(account.call("DetachRolePolicy", ["RoleName": "orders", "PolicyArn": arn]).status == 200)
    #expect(!account.mayTrace())
  }

  @Test func `of AWS have the statements that their documents say`() throws {
    for managed in ManagedPolicy.all {
      #expect(try Policy(name: managed.name, document: managed.policy.document) == managed.policy)
    }
  }

  @Test func `are attached once, and ten of them`() {
    let account = Account()
    account.role()
    for index in 1...11 {
      account.call("CreatePolicy", ["PolicyName": "p\(index)", "PolicyDocument": Account.tracing])
    }
    for index in [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10] {
      #expect(account.attach(Account.policyARN("p\(index)")).status == 200)
    }
    #expect(account.attach(Account.policyARN("p11")).refusal == .limitExceeded)
    #expect(account.call("ListAttachedRolePolicies", ["RoleName": "orders"]).all("PolicyName").count == 10)
    let page = account.call("ListAttachedRolePolicies", ["RoleName": "orders", "MaxItems": "9"])
    #expect(page.all("PolicyName").count == 9 && page["IsTruncated"] == "true")
  }

  @Test func `must exist to be attached or detached`() {
    let account = Account()
    account.role()
    #expect(account.attach(Account.awsARN("Nothing")).refusal == .noSuchEntity)
    #expect(account.attach(Account.policyARN("nothing")).refusal == .noSuchEntity)
    #expect(account.attach("AWSXrayFullAccess").refusal == .invalidInput)
    #expect(account.attach("").refusal == .validation)
    #expect(account.attach(Account.awsARN("AWSXrayFullAccess"), to: "nobody").refusal == .noSuchEntity)
    let parameters = ["RoleName": "orders", "PolicyArn": Account.awsARN("AWSXrayFullAccess")]
    #expect(account.call("DetachRolePolicy", parameters).refusal == .noSuchEntity)
    #expect(account.call("ListAttachedRolePolicies", ["RoleName": "nobody"]).refusal == .noSuchEntity)
  }
}
