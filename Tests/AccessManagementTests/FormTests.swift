import AccessManagement
import Testing
import XRayModel

@Suite struct `A call` {
  func answer(_ body: String) -> Answer { Answer(Account().access.answer(form: Array(body.utf8))) }

  @Test func `names an action and its version`() {
    #expect(answer("").refusal == Refusal(status: 400, code: "MissingAction"))
    let unknown = Refusal(status: 400, code: "InvalidAction")
    #expect(answer("Action=ListRoles").refusal == unknown)
    #expect(answer("Action=ListRoles&Version=2011-06-15").refusal == unknown)
    #expect(answer("Action=ListUsers&Version=2010-05-08").refusal == unknown)
    #expect(answer("Action=GetCallerIdentity&Version=2010-05-08").refusal == unknown)
    #expect(answer("Action=ListRoles&Version=2010-05-08").status == 200)
    #expect(answer("&&Version=2010-05-08&Action=%4CistRoles&").status == 200)
  }

  @Test func `of STS tells who asks`() {
    let answer = answer("Action=GetCallerIdentity&Version=2011-06-15")
    #expect(answer.xml.hasPrefix("<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"))
    #expect((answer["Account"], answer["UserId"]) == ("123456789012", "123456789012"))
    #expect(answer["Arn"] == "arn:aws:iam::123456789012:root")
  }

  @Test func `that is refused is told in XML that nothing breaks out of`() {
    let answer = answer("Action=%3C%2FMessage%3E%26%00%01&Version=2010-05-08")
    #expect(
      answer.xml.hasPrefix(
        "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>"))
    #expect(answer.message == "Could not find operation &lt;/Message&gt;&amp;\u{FFFD}\u{FFFD} for version 2010-05-08")
    #expect(answer["RequestId"] == answer.response.requestID)
    let long = self.answer("Action=" + String(repeating: "x", count: 100_000) + "&Version=2010-05-08")
    #expect(long.xml.utf8.count < 1000)
  }

  @Test(arguments: [
    "Action=%", "Action=%4", "Action=%4G", "Action=%zz", "Action=%FF", "Action=%C3", "%ED%A0%80=x", "Action=%C0%80",
    "Action=ListRoles&Action=ListRoles", "Action=ListRoles&Action=GetRole",
  ])
  func `is refused when it is not form-encoded UTF-8, or says a thing twice`(body: String) {
    #expect(answer(body).refusal == Refusal(status: 404, code: "MalformedQueryString"))
  }

  @Test func `is refused when it is too large`() {
    let tooLarge = Refusal(status: 413, code: "RequestEntityTooLarge")
    #expect(answer(String(repeating: "x", count: 524_289)).refusal == tooLarge)
    let fields = (0..<600).map { "a\($0)=b" }.joined(separator: "&")
    #expect(answer(fields).refusal == tooLarge)
    #expect(answer(String(repeating: "&", count: 524_288)).refusal == Refusal(status: 400, code: "MissingAction"))
  }

  @Test func `of random bytes is always answered`() {
    let account = Account()
    let random = RandomSource(seed: 7)
    let words = [
      "Action=", "CreateRole", "ListRoles", "&", "=", "%", "%2", "%41", "+", "Version=2010-05-08", "RoleName", "\u{0}",
      "Tags.member.1.Key", "MaxItems=", "9", "-", "é", "Marker", "PolicyArn=arn:aws:iam::", "{\"Statement\":",
    ]
    for _ in 0..<2000 {
      var body: [UInt8] = []
      for _ in 0..<Int(random.next() % 20) { body += Array(words[Int(random.next() % UInt64(words.count))].utf8) }
      if random.next() % 4 == 0, !body.isEmpty {
        body[Int(random.next() % UInt64(body.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      let answer = Answer(account.access.answer(form: body))
      #expect([200, 400, 404, 413].contains(answer.status))
      #expect(answer["RequestId"] == answer.response.requestID)
    }
  }
}
