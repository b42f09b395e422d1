import AccessManagement
import Testing

@Suite struct `A policy document` {
  @Test(arguments: [
    "{", "7", "[]", "{}", #"{"Statement":[]}"#, #"{"Statement":[7]}"#, #"{"Version":"2020-01-01","Statement":[]}"#,
    #"{"Statement":{"Effect":"Allow","Action":"*"}}"#, #"{"Statement":{"Effect":"Allow","Resource":"*"}}"#,
    #"{"Statement":{"Effect":"Maybe","Action":"*","Resource":"*"}}"#,
    #"{"Statement":{"Action":"*","Resource":"*"}}"#,
    #"{"Statement":{"Effect":"Allow","Action":"put","Resource":"*"}}"#,
    #"{"Statement":{"Effect":"Allow","Action":":put","Resource":"*"}}"#,
    #"{"Statement":{"Effect":"Allow","Action":[],"Resource":"*"}}"#,
    #"{"Statement":{"Effect":"Allow","Action":"*","Resource":[]}}"#,
    #"{"Statement":{"Effect":"Allow","Action":"*","Resource":"bucket"}}"#,
    #"{"Statement":{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}}"#,
    #"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}}"#,
    #"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Colour":"red"}}"#,
    #"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":7}}"#,
    #"{"Statement":{"Sid":"a b","Effect":"Allow","Action":"*","Resource":"*"}}"#,
    #"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"},"Owner":"me"}"#,
    #"{"Statement":[{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},"#
      + #"{"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"}]}"#,
    String(repeating: "[", count: 5000),
  ])
  func `is refused when IAM would refuse it`(document: String) {
    let account = Account()
    account.role()
    #expect(account.put(document).refusal == .malformedPolicy)
    #expect(account.told.count == 1)
  }

  @Test(arguments: [
    (
      #"{"Id":"x","Version":"2008-10-17","Statement":{"Sid":"","Effect":"Allow","Action":"xray:*","Resource":"*"}}"#,
      true
    ),
    (#"{"Statement":[{"Effect":"Allow","NotAction":["s3:*"],"NotResource":"arn:aws:s3:::a"}]}"#, true),
    (#"{"Statement":[{"Effect":"Allow","Action":"xray:*","Resource":"*","Condition":{"Bool":{"a":"b"}}}]}"#, true),
    (#"{"Statement":[{"Effect":"Allow","Action":"xray:*","Resource":"arn:aws:xray:us-east-1:1:group/a"}]}"#, false),
  ])
  func `counts when IAM would take it`(document: String, mayTrace: Bool) {
    let account = Account()
    account.role()
    #expect(account.put(document).status == 200)
    #expect(account.mayTrace() == mayTrace)
  }
}

@Suite struct `A trust policy` {
  static func statement(_ effect: String, _ principal: String, _ action: String = "sts:AssumeRole") -> String {
    #"{"Effect":"\#(effect)","Principal":\#(principal),"Action":"\#(action)"}"#
  }
  static let lambda = #"{"Service":["ec2.amazonaws.com","lambda.amazonaws.com"]}"#

  static let trusts: [([String], Bool)] = [
    ([statement("Allow", lambda)], true), ([statement("Allow", lambda, "sts:*")], true),
    ([statement("Allow", lambda, "*")], true), ([statement("Allow", lambda, "STS:assumerole")], true),
    ([statement("Allow", lambda, "sts:TagSession")], false),
    ([statement("Allow", #"{"Service":"ec2.amazonaws.com"}"#)], false),
    ([statement("Allow", #"{"AWS":"arn:aws:iam::123456789012:root"}"#)], false),
    ([statement("Allow", #"{"AWS":"*"}"#)], true), ([statement("Allow", #""*""#)], true),
    ([statement("Allow", lambda), statement("Deny", lambda)], false),
    ([statement("Deny", #""*""#), statement("Allow", lambda)], false),
  ]

  @Test(arguments: trusts)
  func `lets Lambda assume the role or not`(statements: [String], isTrusted: Bool) {
    let account = Account()
    let document = #"{"Version":"2012-10-17","Statement":[\#(statements.joined(separator: ","))]}"#
    #expect(account.role("orders", ["AssumeRolePolicyDocument": document]).status == 200)
    let services = account.told.role(Account.arn("orders"))?.trustedServices ?? []
    #expect(services.contains("lambda.amazonaws.com") == isTrusted)
  }

  @Test(arguments: [
    "{", "{}", #"{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}"#,
    #"{"Statement":[\#(statement("Allow", lambda, "s3:GetObject"))]}"#,
    #"{"Statement":[\#(statement("Allow", #"{"Service":"lambda"}"#))]}"#,
    #"{"Statement":[\#(statement("Allow", #"{"Nobody":"x"}"#))]}"#,
    #"{"Statement":[\#(statement("Allow", "{}"))]}"#, #"{"Statement":[\#(statement("Allow", "7"))]}"#,
    #"{"Statement":[\#(statement("Allow", #"{"Service":[]}"#))]}"#,
    #"{"Statement":[{"Effect":"Allow","Principal":"*"}]}"#,
    #"{"Statement":[{"Effect":"Allow","NotPrincipal":"*","Action":"sts:AssumeRole"}]}"#,
    #"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}]}"#,
  ])
  func `is refused when IAM would refuse it`(document: String) {
    #expect(Account().role("orders", ["AssumeRolePolicyDocument": document]).refusal == .malformedPolicy)
  }

  @Test func `has at most 2,048 characters`() {
    let statement = Self.statement("Allow", Self.lambda)
    let document = #"{"Statement":[\#(Array(repeating: statement, count: 20).joined(separator: ","))]}"#
    #expect(Account().role("orders", ["AssumeRolePolicyDocument": document]).refusal == .limitExceeded)
  }
}
