import AccessManagement
import Testing
import XRayModel

@Suite struct `A role` {
  @Test func `is made and shown`() throws {
    let account = Account()
    let made = account.role(
      "orders",
      [
        "Path": "/shop/", "Description": "Größe <&>", "MaxSessionDuration": "7200", "Tags.member.1.Key": "team",
        "Tags.member.1.Value": "a",
      ])
    #expect(made.status == 200)
    #expect(
      made.xml.hasPrefix(
        "<CreateRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><CreateRoleResult><Role>"))
    #expect(made["Arn"] == Account.arn("shop/orders"))
    #expect(made["CreateDate"] == "2023-11-14T22:13:20Z")
    #expect(made["Description"] == "Größe &lt;&amp;&gt;")
    #expect(made["MaxSessionDuration"] == "7200")
    #expect(made["RoleId"]?.hasPrefix("AROA") == true && made["RoleId"]?.count == 21)
    #expect(made["Tags"] == "<member><Key>team</Key><Value>a</Value></member>")
    #expect(made["RequestId"] == made.response.requestID)
    // Documents are escaped, so that they are not taken for XML.
    #expect(made["AssumeRolePolicyDocument"]?.hasPrefix("%7B%22Statement%22%3A%7B") == true)
    #expect(account.call("GetRole", ["RoleName": "orders"])["Role"] == made["Role"])
  }

  @Test func `is told to Lambda, and its end`() {
    let account = Account()
    account.role()
    #expect(account.told.role(Account.arn("orders"))?.trustedServices == ["lambda.amazonaws.com"])
    #expect(!account.mayTrace())
    #expect(account.call("DeleteRole", ["RoleName": "orders"]).status == 200)
    #expect(account.told.role(Account.arn("orders")) == nil)
    #expect(account.told.count == 2)
    #expect(account.call("GetRole", ["RoleName": "orders"]).refusal == .noSuchEntity)
  }

  @Test func `has a name of its own, whatever the case of its letters`() {
    let account = Account()
    account.role()
    #expect(account.role("ORDERS").refusal == .alreadyExists)
    #expect(account.role("orders", ["Path": "/other/"]).refusal == .alreadyExists)
    #expect(account.told.count == 1)
  }

  @Test(arguments: [
    ["RoleName": ""], ["RoleName": "a b"], ["RoleName": "a/b"], ["RoleName": "ä"],
    ["RoleName": String(repeating: "x", count: 65)], ["Path": "shop/"], ["Path": "/shop"], ["Path": "/ /"],
    ["Path": "/" + String(repeating: "x", count: 511) + "/"], ["MaxSessionDuration": "3599"],
    ["MaxSessionDuration": "99999999999999999999"], ["MaxSessionDuration": "x"],
    ["Description": String(repeating: "x", count: 1001)], ["Description": "\u{7}"], ["Description": "日本"],
    ["AssumeRolePolicyDocument": ""], ["Tags.member.1.Key": "a!", "Tags.member.1.Value": "b"],
    ["Tags.member.1.Key": String(repeating: "x", count: 129)],
  ])
  func `is refused with parameters that break IAM's rules`(parameters: [String: String]) {
    let account = Account()
    #expect(account.role("orders", parameters).refusal == .validation)
    #expect(account.told.count == 0)
  }

  @Test(arguments: [
    ["Tags.member.1.Key": "aws:x"], ["Tags.member.1.Key": "a", "Tags.member.2.Key": "A"],
    ["PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"],
  ])
  func `is refused with reserved tags, and with a boundary that would not hold`(parameters: [String: String]) {
    #expect(Account().role("orders", parameters).refusal == .invalidInput)
  }

  @Test func `may have the longest name there is`() {
    let name = "Az09_+=,.@-" + String(repeating: "x", count: 53)
    #expect(Account().role(name)["RoleName"] == name)
  }

  @Test func `is changed`() {
    let account = Account()
    account.role("orders", ["Description": "old"])
    #expect(account.call("UpdateRole", ["RoleName": "orders", "MaxSessionDuration": "43200"]).status == 200)
    var role = account.call("GetRole", ["RoleName": "orders"])
    #expect((role["Description"], role["MaxSessionDuration"]) == ("old", "43200"))
    account.call("UpdateRole", ["RoleName": "orders", "Description": ""])
    role = account.call("GetRole", ["RoleName": "orders"])
    #expect((role["Description"], role["MaxSessionDuration"]) == (nil, "43200"))
    #expect(account.call("UpdateRole", ["RoleName": "orders", "MaxSessionDuration": "1"]).refusal == .validation)
    #expect(account.call("UpdateRole", ["RoleName": "nobody"]).refusal == .noSuchEntity)
  }

  @Test func `may be given to another service`() {
    let account = Account()
    account.role()
    let answer = account.call(
      "UpdateAssumeRolePolicy",
      ["RoleName": "orders", "PolicyDocument": Account.trust("Allow", "ec2.amazonaws.com")])
    #expect(answer.status == 200)
    #expect(!answer.xml.contains("Result"))
    #expect(account.told.role(Account.arn("orders"))?.trustedServices == ["ec2.amazonaws.com"])
    #expect(
      account.call("UpdateAssumeRolePolicy", ["RoleName": "orders", "PolicyDocument": "{"]).refusal == .malformedPolicy)
    #expect(account.call("UpdateAssumeRolePolicy", ["RoleName": "orders"]).refusal == .validation)
  }

  @Test func `cannot be deleted while it has policies`() {
    let account = Account()
    account.role()
    account.put(Account.tracing)
    account.attach(Account.awsARN("AWSXrayFullAccess"))
    #expect(account.call("DeleteRole", ["RoleName": "orders"]).refusal == .deleteConflict)
    account.call("DetachRolePolicy", ["RoleName": "orders", "PolicyArn": Account.awsARN("AWSXrayFullAccess")])
    #expect(account.call("DeleteRole", ["RoleName": "orders"]).refusal == .deleteConflict)
    account.call("DeleteRolePolicy", ["RoleName": "orders", "PolicyName": "own"])
    #expect(account.call("DeleteRole", ["RoleName": "orders"]).status == 200)
    #expect(account.call("DeleteRole", ["RoleName": "orders"]).refusal == .noSuchEntity)
  }

  @Test func `has at most 50 tags, which come and go`() {
    let account = Account()
    account.role()
    var tags = ["RoleName": "orders"]
    for index in 1...50 { tags["Tags.member.\(index).Key"] = "k\(index)" }
    #expect(account.call("TagRole", tags).status == 200)
    #expect(account.call("ListRoleTags", ["RoleName": "orders"]).all("Key").count == 50)
    let one = ["RoleName": "orders", "Tags.member.1.Key": "other", "Tags.member.1.Value": "x"]
    #expect(account.call("TagRole", one).refusal == .limitExceeded)
    #expect(account.call("UntagRole", ["RoleName": "orders", "TagKeys.member.1": "k1"]).status == 200)
    #expect(account.call("TagRole", one).status == 200)
    let listed = account.call("ListRoleTags", ["RoleName": "orders"])
    #expect(listed.all("Key").contains("other") && !listed.all("Key").contains("k1"))
    tags["Tags.member.51.Key"] = "k51"
    #expect(account.call("TagRole", tags).refusal == .validation)
    #expect(account.call("TagRole", ["RoleName": "nobody"]).refusal == .noSuchEntity)
    #expect(account.call("UntagRole", ["RoleName": "nobody"]).refusal == .noSuchEntity)
    #expect(account.call("ListRoleTags", ["RoleName": "nobody"]).refusal == .noSuchEntity)
  }

  @Test func `is one of at most a thousand`() {
    let account = Account()
    for index in 0..<1000 { account.role("r\(index)") }
    #expect(account.role().refusal == .limitExceeded)
    #expect(account.call("ListRoles", ["MaxItems": "1000"]).all("RoleName").count == 1000)
  }

  @Test func `is listed with others in pages, below a path`() {
    let account = Account()
    for (index, name) in ["e", "b", "d", "a", "c"].enumerated() {
      account.role(name, ["Path": index < 3 ? "/shop/" : "/"])
    }
    var names: [String] = []
    var parameters = ["MaxItems": "2"]
    for pages in 1... {
      let page = account.call("ListRoles", parameters)
      names += page.all("RoleName")
      parameters["Marker"] = page["Marker"]
      #expect((page["IsTruncated"] == "true") == (page["Marker"] != nil))
      guard page["Marker"] != nil else {
        #expect(pages == 3)
        break
      }
    }
    #expect(names == ["a", "b", "c", "d", "e"])
    #expect(account.call("ListRoles", ["PathPrefix": "/sh"]).all("RoleName") == ["b", "d", "e"])
    #expect(account.call("ListRoles", ["Marker": "zzz"]).all("RoleName") == [])
    for size in ["0", "1001", "-1", "x"] {
      #expect(account.call("ListRoles", ["MaxItems": size]).refusal == .validation)
    }
    #expect(account.call("ListRoles", ["PathPrefix": "shop"]).refusal == .validation)
  }
}
