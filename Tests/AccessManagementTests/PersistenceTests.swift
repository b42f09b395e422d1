import AccessManagement
import LambdaEmitter
import Synchronization
import Testing
import XRayModel

@Suite struct `Roles and policies` {
  struct DiskFull: Error {}

  /// An account with something of everything.
  func filled(_ account: Account) {
    account.role("orders", ["Description": "a \"b\"", "Tags.member.1.Key": "k", "Tags.member.1.Value": "v"])
    account.role(
      "billing", ["Path": "/shop/", "AssumeRolePolicyDocument": Account.trust("Allow", "ec2.amazonaws.com")])
    account.put(Account.tracing)
    account.put(Account.statement("Deny", "s3:*"), as: "no-files", to: "billing")
    account.call("CreatePolicy", ["PolicyName": "tracing", "PolicyDocument": Account.tracing, "Description": "d"])
    account.attach(Account.policyARN("tracing"))
    account.attach(Account.awsARN("service-role/AWSLambdaBasicExecutionRole"), to: "billing")
  }

  func json(_ records: AccessRecords) throws -> JSONValue {
    var writer = JSONWriter(pretty: true)
    records.write(to: &writer)
    return try JSONValue(parsing: writer.bytes.span)
  }

  @Test func `come back from JSON as they were`() throws {
    let account = Account()
    filled(account)
    let records = account.access.current
    let read = try AccessRecords(json: try json(records))
    #expect(read == records)
    #expect(read.executionRoles == records.executionRoles)
    let again = Account(records: read)
    #expect(again.mayTrace())
    #expect(again.told.count == 2)
    #expect(
      again.call("GetRole", ["RoleName": "orders"])["Role"] == account.call("GetRole", ["RoleName": "orders"])["Role"])
  }

  @Test func `are kept before a change counts, each once`() {
    let count = Count()
    let account = Account(save: { _ in count.add() })
    filled(account)
    #expect(count.value == 7)
    account.attach(Account.policyARN("tracing"))
    account.put(Account.tracing)
    account.call("ListRoles")
    account.role()
    #expect(count.value == 7)
  }

  @Test func `stay as they were when they cannot be kept`() {
    let account = Account(save: { _ in throw DiskFull() })
    let answer = account.role()
    #expect(answer.refusal == Refusal(status: 500, code: "ServiceFailure"))
    #expect(answer["Type"] == "Receiver")
    #expect(account.told.count == 0)
    #expect(account.call("ListRoles").all("RoleName") == [])
  }

  @Test(arguments: [
    "{}", "[]", #"{"version":2,"account":"1","roles":[],"policies":[]}"#, #"{"version":1,"roles":[],"policies":[]}"#,
    #"{"version":1,"account":"1","roles":{},"policies":[]}"#,
    #"{"version":1,"account":"1","roles":[{}],"policies":[]}"#,
    #"{"version":1,"account":"1","roles":[],"policies":[{"name":"a","path":"/","id":"x","created":1,"document":"{"}]}"#,
  ])
  func `are refused when they are damaged`(text: String) throws {
    let json = try JSONValue(parsing: text)
    #expect(throws: AccessDamage.self) { try AccessRecords(json: json) }
  }

  @Test(arguments: ["name", "trust", "created", "maximum_session", "attached", "inline", "tags"])
  func `are refused when a role is damaged`(member: String) throws {
    let account = Account()
    filled(account)
    let text = try json(account.access.current).rendered()
    let damaged = try JSONValue(parsing: text.replacing("\"\(member)\":", with: "\"\(member)\":true,\"was\":"))
    #expect(throws: AccessDamage.self) { try AccessRecords(json: damaged) }
  }

  @Test func `may be changed by many at a time`() async {
    let account = Account()
    account.role()
    await withTaskGroup { group in
      for index in 0..<50 {
        group.addTask { account.put(Account.statement("Allow", "s3:\(index)"), as: "p\(index)") }
      }
      await group.waitForAll()
    }
    #expect(account.call("ListRolePolicies", ["RoleName": "orders"]).all("member").count == 50)
    #expect(account.told.role(Account.arn("orders"))?.policies.count == 50)
  }
}

/// Counts what concurrent code does.
final class Count: Sendable {
  private let count = Mutex(0)
  func add() { count.withLock { $0 += 1 } }
  var value: Int { count.withLock { $0 } }
}
